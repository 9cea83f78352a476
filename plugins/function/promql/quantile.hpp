// SPDX-License-Identifier: Apache-2.0
// quantile.hpp - the quantile of some values, as Prometheus takes it. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace narthex::function_promql {

// Between two values the weighted mean of both; NaN counts as the smallest. Sorts values.
inline double quantile_of(double q, std::vector<double>& values) {
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  std::sort(values.begin(), values.end(),
            [](double a, double b) { return !std::isnan(b) && (std::isnan(a) || a < b); });
  const auto n = static_cast<double>(values.size());
  const double rank = q * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<std::size_t>(lower)] * (1 - weight) +
         values[static_cast<std::size_t>(upper)] * weight;
}

}  // namespace narthex::function_promql
