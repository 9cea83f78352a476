// SPDX-License-Identifier: Apache-2.0
// put_line.hpp - one line of OpenTSDB's telnet protocol: put metric time value tag=value ... Pure;
// everything looks into the line.
#pragma once

#include <narthex/sdk/series_labels.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::ingest::opentsdb {

struct PutLine {
  std::string_view metric;
  std::string_view tags;  // as sent
  double value = 0;
  std::int64_t t_ms = 0;
  std::size_t column = 0;  // of what is wrong, from 1
  std::string fault;       // empty: the line is good
};

PutLine parse_put(std::string_view line);

// Splits tags; what is wrong, and at which byte of the tags.
struct TagFault {
  std::size_t at = 0;
  std::string text;  // empty: nothing
};
TagFault read_tags(std::string_view tags, sdk::SeriesLabels& labels);

// A time below 2^32 is in seconds, others are in milliseconds.
std::int64_t time_in_ms(double time);

}  // namespace narthex::ingest::opentsdb
