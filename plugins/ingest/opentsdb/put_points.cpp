// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/opentsdb/put_points.hpp"

#include "plugins/ingest/opentsdb/put_line.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <cmath>

namespace narthex::ingest::opentsdb {
namespace {

// A number, or a text that is one. Anything else is read, and is a fault.
bool read_number_or_text(sdk::JsonReader& json, std::string_view name, PutPoint& point,
                         double& out) {
  const std::size_t begin = json.offset();
  std::string text;
  const bool is_text = json.peek() == '"';
  if (is_text ? !json.read_text(text) : !json.skip()) return false;
  if (!is_text) text = json.since(begin);
  if (sdk::parse_number(text, out) != sdk::NumberError::kNone && point.fault.empty()) {
    point.fault = "the " + std::string(name) + " is no number: " + sdk::quote_excerpt(text);
  }
  return true;
}

// A text, or a number as it is written.
bool read_tag_value(sdk::JsonReader& json, std::string& value, bool& good) {
  const char first = json.peek();
  if (first == '"') return json.read_text(value);
  good = first == '-' || (first >= '0' && first <= '9');
  const std::size_t begin = json.offset();
  if (!json.skip()) return false;
  value = json.since(begin);
  return true;
}

bool read_tag_members(sdk::JsonReader& json, PutPoint& point) {
  if (json.peek() != '{') {
    if (point.fault.empty()) point.fault = "tags must be an object";
    return json.skip();
  }
  const std::size_t begin = json.offset();
  const bool read = json.each_member([&](std::string_view key) {
    std::string value;
    bool good = true;
    if (!read_tag_value(json, value, good)) return false;
    if (!good && point.fault.empty()) {
      point.fault = "the value of tag " + sdk::quote_excerpt(key) + " must be a text, got " + value;
    }
    return true;
  });
  point.tags = json.since(begin);
  return read;
}

bool read_member(sdk::JsonReader& json, std::string_view key, PutPoint& point, bool& has_value) {
  if (key == "metric" && json.peek() == '"') return json.read_text(point.metric);
  if (key == "value") {
    has_value = true;
    return read_number_or_text(json, key, point, point.value);
  }
  if (key == "timestamp") {
    double time = 0;
    if (!read_number_or_text(json, key, point, time)) return false;
    if (!(std::fabs(time) < 9.2e18) && point.fault.empty()) point.fault = "no such time";
    if (point.fault.empty()) point.t_ms = time_in_ms(time);
    return true;
  }
  return key == "tags" ? read_tag_members(json, point) : json.skip();
}

}  // namespace

bool read_point(sdk::JsonReader& json, PutPoint& point) {
  point = PutPoint();
  const std::size_t begin = json.offset();
  bool has_value = false;
  const bool is_object = json.peek() == '{';
  const bool read = is_object ? json.each_member([&](std::string_view key) {
    return read_member(json, key, point, has_value);
  })
                              : json.skip();
  point.text = json.since(begin);
  if (!point.fault.empty()) return read;
  if (!is_object) {
    point.fault = "a data point must be an object";
  } else if (point.metric.empty()) {
    point.fault = "there is no metric";
  } else if (!has_value) {
    point.fault = "there is no value";
  }
  return read;
}

void read_tag_object(std::string_view tags, sdk::SeriesLabels& labels) {
  if (tags.empty()) return;
  sdk::JsonReader json(tags);
  (void)json.each_member([&](std::string_view key) {
    const std::string_view name = labels.keep(std::string(key));
    std::string value;
    bool good = true;
    if (!read_tag_value(json, value, good)) return false;
    labels.add(name, labels.keep(std::move(value)));
    return true;
  });
}

}  // namespace narthex::ingest::opentsdb
