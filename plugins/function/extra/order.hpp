// SPDX-License-Identifier: Apache-2.0
// order.hpp - values in order, and what lies between them. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace narthex::function_extra {

// Ascending; NaN first.
inline std::vector<double> in_order(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end(),
            [](double a, double b) { return !std::isnan(b) && (std::isnan(a) || a < b); });
  return sorted;
}

// The value at rank q * (n - 1) of sorted values, linear between two: quantile_over_time().
// REQUIRES: 0 <= q <= 1, not empty.
inline double quantile_in_order(std::span<const double> sorted, double q) {
  const double rank = q * static_cast<double>(sorted.size() - 1);
  const auto lower = static_cast<std::size_t>(rank);
  const std::size_t upper = std::min(lower + 1, sorted.size() - 1);
  const double weight = rank - static_cast<double>(lower);
  return sorted[lower] * (1 - weight) + sorted[upper] * weight;
}

}  // namespace narthex::function_extra
