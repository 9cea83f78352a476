// SPDX-License-Identifier: Apache-2.0
// graphite_line.hpp - one line of Graphite's plaintext protocol:
//   name[;tag=value...] value [timestamp]
// A name may hold blanks: value and timestamp are the last words. Pure; everything looks into the
// line.
#pragma once

#include <narthex/sdk/series_labels.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::ingest::graphite {

struct GraphiteLine {
  std::string_view series;  // name and tags
  double value = 0;
  std::int64_t t_ms = 0;
  std::size_t column = 0;  // of what is wrong, from 1
  std::string fault;       // empty: the line is good
};

// No timestamp, 0 and -1 mean `now_ms`; others are seconds, with a fraction if it has one.
GraphiteLine parse_graphite(std::string_view line, std::int64_t now_ms);

// Splits name and tags; tags go to `labels` in their order.
struct GraphiteSeries {
  std::string_view name;
  std::size_t fault_at = 0;  // byte of the series
  std::string fault;         // empty: none
};
GraphiteSeries read_series(std::string_view series, sdk::SeriesLabels& labels);

}  // namespace narthex::ingest::graphite
