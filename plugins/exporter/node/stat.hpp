// SPDX-License-Identifier: Apache-2.0
// stat.hpp - boot time, interrupts, context switches, forks, and how many processes run and wait.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <memory>

namespace narthex::exporter_node {

class StatCollector final : public Collector {
 public:
  explicit StatCollector(std::shared_ptr<ProcFile> stat);
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  const std::shared_ptr<ProcFile> stat_;
  sdk::SeriesSet set_;
};

}  // namespace narthex::exporter_node
