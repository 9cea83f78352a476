// SPDX-License-Identifier: Apache-2.0
// quantile.hpp - the quantile of some values, as Prometheus takes it. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace narthex::function_promql {

// Between two values the weighted mean of both; NaN counts as the smallest. Reorders values; takes
// linear time, since only the two values around the rank need their places.
inline double quantile_of(double q, std::vector<double>& values) {
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  const auto less = [](double a, double b) { return !std::isnan(b) && (std::isnan(a) || a < b); };
  const double rank = q * static_cast<double>(values.size() - 1);
  const double whole = std::floor(rank);
  const double weight = rank - whole;
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(whole);
  std::nth_element(values.begin(), lower, values.end(), less);
  const auto upper =
      lower + 1 == values.end() ? lower : std::min_element(lower + 1, values.end(), less);
  return *lower * (1 - weight) + *upper * weight;
}

}  // namespace narthex::function_promql
