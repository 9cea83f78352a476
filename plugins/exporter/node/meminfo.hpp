// SPDX-License-Identifier: Apache-2.0
// meminfo.hpp - node_memory_*: the fields of /proc/meminfo that node_exporter knows. A field that
// the kernel does not have is not shown.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace narthex::exporter_node {

// Indexes into the list of known fields, and their values in bytes or pieces.
struct MemoryFields {
  std::vector<std::size_t> fields;
  std::vector<double> values;
};
// Replaces out.
Status parse_meminfo(std::string_view text, MemoryFields& out);
// The metric of a known field.
std::string_view memory_metric(std::size_t field);

class MeminfoCollector final : public Collector {
 public:
  explicit MeminfoCollector(const Paths& paths) : file_(paths.procfs + "/meminfo") {}
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  ProcFile file_;
  MemoryFields found_;
  std::vector<std::size_t> registered_;  // the fields of set_
  std::optional<sdk::SeriesSet> set_;
};

}  // namespace narthex::exporter_node
