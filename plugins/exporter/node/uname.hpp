// SPDX-License-Identifier: Apache-2.0
// uname.hpp - node_uname_info.
#pragma once

#include "plugins/exporter/node/collector.hpp"

#include <sys/utsname.h>

#include <optional>

namespace narthex::exporter_node {

class UnameCollector final : public Collector {
 public:
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  utsname shown_{};
  std::optional<sdk::SeriesSet> set_;  // of shown_
};

}  // namespace narthex::exporter_node
