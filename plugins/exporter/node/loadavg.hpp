// SPDX-License-Identifier: Apache-2.0
// loadavg.hpp - node_load1, node_load5, node_load15.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <array>
#include <string>
#include <string_view>

namespace narthex::exporter_node {

Result<std::array<double, 3>> parse_loadavg(std::string_view text);

class LoadavgCollector final : public Collector {
 public:
  explicit LoadavgCollector(const Paths& paths);
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  ProcFile file_;
  sdk::SeriesSet set_;
};

}  // namespace narthex::exporter_node
