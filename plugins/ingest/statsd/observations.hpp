// SPDX-License-Identifier: Apache-2.0
// observations.hpp - what timers, histograms and distributions gather: count and sum since the
// start, and either buckets since the start, or a sample of the current interval for quantiles. One
// thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace narthex::ingest::statsd {

// Keeps all values of an interval up to its size, beyond it a uniform sample of them (Vitter's
// algorithm R), drawn from a fixed sequence so that the same lines give the same result.
class IntervalSample {
 public:
  static constexpr std::size_t kSizeMax = 1024;

  void add(double value) {
    ++seen_;
    if (values_.size() < kSizeMax) {
      values_.push_back(value);
    } else if (const std::uint64_t at = next_random() % seen_; at < kSizeMax) {
      values_[at] = value;
    }
  }
  // The value at the rank ceil(q n), as StatsD's percentiles; NaN when there are no values.
  double quantile(double q) {
    if (values_.empty()) return std::numeric_limits<double>::quiet_NaN();
    const double rank = std::ceil(q * static_cast<double>(values_.size()));
    const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(values_.begin(), at, values_.end());
    return *at;
  }
  void clear() {
    values_.clear();
    seen_ = 0;
  }

 private:
  std::uint64_t next_random() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }

  std::vector<double> values_;
  std::uint64_t seen_ = 0;
  std::uint64_t state_ = 0x9E3779B97F4A7C15u;
};

class BucketCounts {
 public:
  void add(double value, double weight, std::span<const double> bounds) {
    counts_.resize(bounds.size(), 0);
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      if (value <= bounds[i]) counts_[i] += weight;
    }
  }
  // Of the values up to the bound with this number.
  double up_to(std::size_t bound) const { return bound < counts_.size() ? counts_[bound] : 0; }

 private:
  std::vector<double> counts_;
};

}  // namespace narthex::ingest::statsd
