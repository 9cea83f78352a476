// SPDX-License-Identifier: Apache-2.0
// series_notation.hpp - how scripts write series: `foo{a="b"} 1 2+3x4 _ stale {{sum:1 count:2}}x3`.
#pragma once

#include "promql/histogram.hpp"

#include <narthex/sdk/labels.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::test {

struct NotedValue {
  double v = 0;
  const nx_histogram* h = nullptr;
};

struct NotedSeries {
  Labels labels;
  bool has_labels = false;                        // false: values alone, a scalar
  std::vector<std::optional<NotedValue>> values;  // nothing: left out
};

// Throws std::runtime_error with what was wrong.
NotedSeries parse_series(std::string_view line, promql::Arena& arena);

}  // namespace narthex::test
