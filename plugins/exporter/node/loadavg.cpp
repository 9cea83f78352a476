// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/loadavg.hpp"

#include "plugins/exporter/node/text_fields.hpp"

namespace narthex::exporter_node {
namespace {

sdk::SeriesList table() {
  sdk::SeriesList table;
  for (const std::string minutes : {"1", "5", "15"}) {
    table.add("node_load" + minutes, {});
    table.describe("node_load" + minutes, NX_TYPE_GAUGE, minutes + "m load average.");
  }
  return table;
}

}  // namespace

Result<std::array<double, 3>> parse_loadavg(std::string_view text) {
  std::array<double, 3> loads{};
  for (double& load : loads) {
    const std::string_view word = next_word(text);
    const auto number = to_number<double>(word);
    if (!number) return invalid_data("no load in /proc/loadavg: '" + std::string(word) + "'");
    load = *number;
  }
  return loads;
}

LoadavgCollector::LoadavgCollector(const Paths& paths)
    : file_(paths.procfs + "/loadavg"), set_(table()) {}

Status LoadavgCollector::collect(const sdk::Collection& out, const Round&) {
  const Result<std::string_view> text = file_.read();
  if (!text.ok()) return text.status();
  const Result<std::array<double, 3>> loads = parse_loadavg(*text);
  if (!loads.ok()) return loads.status();
  set_.push(out, *loads);
  return Status();
}

}  // namespace narthex::exporter_node
