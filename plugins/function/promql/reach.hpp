// SPDX-License-Identifier: Apache-2.0
// reach.hpp - how far the samples of a window stand for the time up to its edges: the extrapolation
// of rate(), increase() and delta(). Pure. The order of operations is part of the contract: results
// equal Prometheus's bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace narthex::function_promql {

enum class Growth { kDelta, kIncrease, kRate };

inline double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// A gap up to 10 % longer than the usual one still counts as usual.
inline constexpr double kGapTolerance = 1.1;

// What the times of a window say: the time between its first and last sample, and how much of the
// time up to its edges they stand for too.
struct Reach {
  double sampled_s = 0;
  double head_s = 0;
  double tail_s = 0;
};

inline Reach reach_of(std::int64_t first_ms, std::int64_t last_ms, std::size_t size,
                      std::int64_t start_ms, std::int64_t end_ms) {
  Reach reach;
  reach.sampled_s = seconds(last_ms - first_ms);
  const double gap_s = reach.sampled_s / static_cast<double>(size - 1);
  reach.head_s = seconds(first_ms - start_ms);
  reach.tail_s = seconds(end_ms - last_ms);
  const double threshold_s = gap_s * kGapTolerance;
  if (reach.head_s >= threshold_s) reach.head_s = gap_s / 2;
  if (reach.tail_s >= threshold_s) reach.tail_s = gap_s / 2;
  return reach;
}

// A counter was never below zero: its past goes back no further than its zero point. Without a
// branch, so that a loop over it becomes one over vectors.
inline double counter_factor(const Reach& reach, double first, double grown) {
  const double zero_s = reach.sampled_s * (first / grown);
  const bool from_zero = (grown > 0) & (first >= 0) & (zero_s < reach.head_s);
  const double head_s = from_zero ? zero_s : reach.head_s;
  return (reach.sampled_s + head_s + reach.tail_s) / reach.sampled_s;
}

inline double gauge_factor(const Reach& reach) {
  return (reach.sampled_s + reach.head_s + reach.tail_s) / reach.sampled_s;
}

}  // namespace narthex::function_promql
