// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/cpu.hpp"

#include <algorithm>

namespace narthex::exporter_node {
namespace {

// What /proc shows is in units of 1/100 s on every architecture, whatever the kernel's own HZ is.
constexpr double kTicksPerSecond = 100;
constexpr double kUnpluggedSeconds = 3;

constexpr std::array<std::string_view, 8> kModeNames = {"user",   "nice", "system",  "idle",
                                                        "iowait", "irq",  "softirq", "steal"};
constexpr std::array<std::string_view, 2> kGuestModeNames = {"user", "nice"};

sdk::SeriesList table_of(std::string_view cpu) {
  sdk::SeriesList table;
  for (const std::string_view mode : kModeNames) {
    table.add("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", mode}});
  }
  for (const std::string_view mode : kGuestModeNames) {
    table.add("node_cpu_guest_seconds_total", {{"cpu", cpu}, {"mode", mode}});
  }
  table.describe("node_cpu_seconds_total", NX_TYPE_COUNTER, "Seconds the CPUs spent in each mode.");
  table.describe("node_cpu_guest_seconds_total", NX_TYPE_COUNTER,
                 "Seconds the CPUs spent in guests (VMs) for each mode.");
  return table;
}

}  // namespace

const CpuCounters::Seconds& CpuCounters::update(const CpuTicks& now) {
  const double idle = static_cast<double>(now.ticks[CpuTicks::kIdle]) / kTicksPerSecond;
  if (seconds_[CpuTicks::kIdle] - idle >= kUnpluggedSeconds) seconds_ = {};
  for (std::size_t i = 0; i < seconds_.size(); ++i) {
    seconds_[i] = std::max(seconds_[i], static_cast<double>(now.ticks[i]) / kTicksPerSecond);
  }
  return seconds_;
}

Status CpuCollector::collect(const sdk::Collection& out, const Round& round) {
  const Result<std::string_view> text = stat_->read_once(round.number);
  if (!text.ok()) return text.status();
  const Status parsed = parse_cpu_ticks(*text, cpus_);
  if (!parsed.ok()) return parsed;
  for (const CpuTicks& cpu : cpus_) {
    auto counters = counters_.find(cpu.number);
    if (counters == counters_.end()) {
      counters = counters_.emplace(std::string(cpu.number), CpuCounters()).first;
    }
    sets_.at(cpu.number, round.number, [&] { return table_of(cpu.number); })
        .push(out, counters->second.update(cpu));
  }
  sets_.sweep(out, round.number);
  return Status();
}

}  // namespace narthex::exporter_node
