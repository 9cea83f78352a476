// SPDX-License-Identifier: Apache-2.0
// cpu.hpp - node_cpu_seconds_total and node_cpu_guest_seconds_total.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/kernel_stat.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace narthex::exporter_node {

// The kernel's idle and iowait counters can step back a little. A counter must not, so the higher
// value stays; a step of seconds means that the CPU was unplugged, and everything begins anew.
class CpuCounters {
 public:
  using Seconds = std::array<double, CpuTicks::kModes>;
  const Seconds& update(const CpuTicks& now);

 private:
  Seconds seconds_{};
};

class CpuCollector final : public Collector {
 public:
  explicit CpuCollector(std::shared_ptr<ProcFile> stat) : stat_(std::move(stat)) {}
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  const std::shared_ptr<ProcFile> stat_;
  std::vector<CpuTicks> cpus_;
  std::map<std::string, CpuCounters, std::less<>> counters_;
  EntitySets sets_;
};

}  // namespace narthex::exporter_node
