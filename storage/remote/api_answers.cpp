// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/api_answers.hpp"

#include <bit>
#include <limits>

namespace narthex::storage::remote {
namespace {

Labels labels_of(sdk::Value table) {
  Labels labels;
  for (const nx_kv& entry : table.entries()) {
    labels.set(view(entry.key), sdk::Value(&entry.value).get<std::string_view>());
  }
  return labels;
}

double value_of(sdk::Value item) {
  if (item.type() == NX_STRING) {
    const auto text = item.get<std::string_view>();
    if (text == "Infinity" || text == "+Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity" || text == "-Inf") return -std::numeric_limits<double>::infinity();
    return std::bit_cast<double>(NX_NORMAL_NAN_BITS);
  }
  if (!item) return std::bit_cast<double>(NX_STALE_NAN_BITS);
  return item.get<double>();
}

}  // namespace

Result<std::vector<std::string>> read_texts(sdk::Value answer) {
  std::vector<std::string> texts;
  if (answer["data"].type() != NX_ARRAY && answer["data"]) {
    return unavailable("the answer has no list of texts");
  }
  for (const nx_value& item : answer["data"].items()) {
    texts.push_back(sdk::Value(&item).get<std::string>());
  }
  return texts;
}

Status read_label_sets(sdk::Value answer, Found& found) {
  if (answer["data"].type() != NX_ARRAY && answer["data"]) {
    return unavailable("the answer has no list of series");
  }
  for (const nx_value& item : answer["data"].items()) {
    found.series.emplace_back().labels = labels_of(sdk::Value(&item));
  }
  return Status();
}

Status read_export_line(sdk::Value line, Found& found) {
  const auto values = line["values"].items();
  const auto times = line["timestamps"].items();
  if (line["metric"].type() != NX_TABLE || values.size() != times.size()) {
    return unavailable("the answer is no export: metric, values and timestamps are wanted");
  }
  FoundSeries& series = found.series.emplace_back();
  series.labels = labels_of(line["metric"]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    series.add(sdk::Value(&times[i]).get<std::int64_t>(), value_of(sdk::Value(&values[i])));
  }
  return Status();
}

}  // namespace narthex::storage::remote
