// SPDX-License-Identifier: Apache-2.0
// time_of_day.hpp - the `time` collector: the clock, the time zone, the clock sources.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace narthex::exporter_node {

class TimeCollector final : public Collector {
 public:
  explicit TimeCollector(const Paths& paths);
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  struct ClockSource {
    std::string device;
    std::unique_ptr<ProcFile> available;
    std::unique_ptr<ProcFile> current;
    std::string shown;  // both texts, as they are in set
    std::optional<sdk::SeriesSet> set;
  };

  void push_clock(const sdk::Collection& out);
  Status push_source(const sdk::Collection& out, ClockSource& source) const;

  std::string zone_shown_;
  std::optional<sdk::SeriesSet> clock_set_;  // with the label zone_shown_
  std::vector<ClockSource> sources_;
};

}  // namespace narthex::exporter_node
