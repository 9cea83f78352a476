// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/import/json_series.hpp"

#include <narthex/sdk/json_reader.hpp>
#include <narthex/sdk/quote.hpp>

#include <cmath>
#include <limits>

namespace narthex::ingest::import {
namespace {

bool read_special(sdk::JsonReader& json, double& value) {
  const std::size_t begin = json.offset();
  std::string text;
  if (!json.read_text(text)) return false;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity" || text == "+Inf" || text == "Inf") {
    value = kInfinity;
  } else if (text == "-Infinity" || text == "-Inf") {
    value = -kInfinity;
  } else {
    return json.fail_at(begin, "expected a number, null, \"NaN\", \"Infinity\" or \"-Infinity\"");
  }
  return true;
}

bool read_time(sdk::JsonReader& json, std::int64_t& time_ms) {
  const std::size_t begin = json.offset();
  double number = 0;
  if (!json.read_number(number)) return false;
  if (number != std::floor(number) || std::fabs(number) > 9.0e15) {
    return json.fail_at(begin, "a time must be whole milliseconds");
  }
  time_ms = static_cast<std::int64_t>(number);
  return true;
}

bool check_metric(sdk::JsonReader& json) {
  return json.each_member([&](std::string_view) {
    std::string value;
    return json.peek() == '"' ? json.read_text(value) : json.fail("a label must be a text");
  });
}

}  // namespace

bool JsonSeries::parse(std::string_view line) {
  metric_ = {};
  values_.clear(), nulls_.clear(), times_.clear();
  fault_.clear();
  sdk::JsonReader json(line);
  const bool read = json.each_member([&](std::string_view key) {
    if (key == "metric") {
      const std::size_t begin = json.offset();
      if (!check_metric(json)) return false;
      metric_ = json.since(begin);
      return true;
    }
    if (key == "values") {
      return json.each_element([&] {
        const bool null = json.peek() == 'n';
        nulls_.push_back(null);
        double& value = values_.emplace_back(0);
        if (null) return json.read_null();
        return json.peek() == '"' ? read_special(json, value) : json.read_number(value);
      });
    }
    if (key == "timestamps") {
      return json.each_element([&] { return read_time(json, times_.emplace_back(0)); });
    }
    return json.skip();
  });
  if (read && !json.at_end()) json.fail("expected the end of the line");
  if (json.ok() && metric_.empty()) json.fail_at(0, "there is no \"metric\"");
  if (json.ok() && values_.size() != times_.size()) {
    json.fail_at(0, std::to_string(values_.size()) + " values but " +
                        std::to_string(times_.size()) + " timestamps");
  }
  column_ = json.position() + 1;
  fault_ = json.fault();
  return json.ok();
}

void read_metric(std::string_view metric, sdk::SeriesLabels& labels) {
  sdk::JsonReader json(metric);
  (void)json.each_member([&](std::string_view key) {
    std::string value;
    const std::string_view name = labels.keep(std::string(key));
    if (!json.read_text(value)) return false;
    labels.add(name, labels.keep(std::move(value)));
    return true;
  });
}

}  // namespace narthex::ingest::import
