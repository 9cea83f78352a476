// SPDX-License-Identifier: Apache-2.0
// quantile.hpp - the quantile of some values, as Prometheus takes it. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace narthex::function_promql {

// NaN counts as the smallest.
inline bool value_less(double a, double b) { return !std::isnan(b) && (std::isnan(a) || a < b); }

// Where a quantile lies in values that are in order: between two, the weighted mean of both.
struct QuantileRank {
  QuantileRank(double q, std::size_t count) {
    const double rank = q * static_cast<double>(count - 1);
    lower = static_cast<std::size_t>(std::floor(rank));
    weight = rank - std::floor(rank);
  }
  std::size_t lower;
  double weight;  // of the value behind

  double between(double a, double b) const { return a * (1 - weight) + b * weight; }
};

// True when q alone says what the quantile is: NaN, or beyond what there is.
inline bool is_settled(double q, std::size_t count, double& out) {
  if (count == 0 || std::isnan(q)) return out = std::numeric_limits<double>::quiet_NaN(), true;
  if (q < 0) return out = -std::numeric_limits<double>::infinity(), true;
  if (q > 1) return out = std::numeric_limits<double>::infinity(), true;
  return false;
}

// Reorders values; takes linear time, since only the two values around the rank need their places.
inline double quantile_of(double q, std::vector<double>& values) {
  double settled = 0;
  if (is_settled(q, values.size(), settled)) return settled;
  const QuantileRank rank(q, values.size());
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(rank.lower);
  std::nth_element(values.begin(), lower, values.end(), value_less);
  const auto upper =
      lower + 1 == values.end() ? lower : std::min_element(lower + 1, values.end(), value_less);
  return rank.between(*lower, *upper);
}

// The same of values in the order of value_less().
inline double quantile_in_order(double q, std::span<const double> values) {
  double settled = 0;
  if (is_settled(q, values.size(), settled)) return settled;
  const QuantileRank rank(q, values.size());
  return rank.between(values[rank.lower], values[std::min(rank.lower + 1, values.size() - 1)]);
}

}  // namespace narthex::function_promql
