// SPDX-License-Identifier: Apache-2.0
// put_points.hpp - the body of OpenTSDB's /api/put: a data point, or an array of them:
//   {"metric":"cpu","timestamp":1700000000,"value":1.5,"tags":{"host":"a"}}
// Pure; one thread.
#pragma once

#include <narthex/sdk/json_reader.hpp>
#include <narthex/sdk/series_labels.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::ingest::opentsdb {

struct PutPoint {
  std::string metric;
  std::string_view tags;             // the object, as it stands in the body
  std::string_view text;             // the whole point, as it stands there
  std::optional<std::int64_t> t_ms;  // none: now
  double value = 0;
  std::string fault;  // empty: the point is good
};

// Reads one point. False: the body is no JSON from here on, see the reader. A point of wrong
// members is read whole, and its fault says what.
bool read_point(sdk::JsonReader& json, PutPoint& point);

// Calls use(point) for each. False as read_point.
template <class Use>
bool read_points(sdk::JsonReader& json, Use&& use) {
  PutPoint point;
  const auto one = [&] {
    if (!read_point(json, point)) return false;
    use(point);
    return true;
  };
  if (!(json.peek() == '[' ? json.each_element(one) : one())) return false;
  return json.at_end() || json.fail("expected the end of the body");
}

// REQUIRES: read_point() took the tags.
void read_tag_object(std::string_view tags, sdk::SeriesLabels& labels);

}  // namespace narthex::ingest::opentsdb
