// SPDX-License-Identifier: Apache-2.0
// classic_histogram.hpp - a classic histogram (count, sum, cumulative buckets by upper bound) that
// becomes a native one with custom buckets, by the rules of Prometheus 3.5. Reusable; pure.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/bucket_list.hpp>
#include <narthex/sdk/bump_arena.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace narthex::sdk {

class ClassicHistogram {
 public:
  void clear() {
    buckets_.clear();
    sum_ = 0;
    count_.reset();
    good_ = true;
  }
  void set_count(double count) {
    count_ = count;
    good_ = good_ && !(count < 0);
  }
  void set_sum(double sum) { sum_ = sum; }
  // Buckets may come in any order; the first of a bound counts. REQUIRES: bound is not NaN.
  void add_bucket(double bound, double count) {
    if (count < 0) good_ = false;
    buckets_.push_back({bound, count});
  }

  // The histogram, its arrays in the arena. Nothing where the numbers contradict each other, or
  // there are none.
  std::optional<nx_histogram> convert(BumpArena& arena) {
    if (!good_ || (!count_ && buckets_.empty())) return std::nullopt;
    put_in_order();
    const double count = count_ ? *count_ : buckets_.back().count;
    if (buckets_.empty() || buckets_.back().bound != kInfinity) {
      buckets_.push_back({kInfinity, count});
    }
    if (!is_cumulative() || buckets_.back().count != count) return std::nullopt;
    nx_histogram out{};
    out.schema = NX_SCHEMA_CUSTOM;
    out.sum = sum_;
    bounds_.clear();
    for (std::size_t i = 0; i + 1 < buckets_.size(); ++i) bounds_.push_back(buckets_[i].bound);
    if (!bounds_.empty() && bounds_.front() == -kInfinity) return std::nullopt;
    out.custom_values = arena.keep(std::span<const double>(bounds_));
    out.custom_value_count = static_cast<std::uint32_t>(bounds_.size());
    if (std::all_of(buckets_.begin(), buckets_.end(),
                    [](const Bucket& b) { return is_integer(b.count); })) {
      out.count.u = static_cast<std::uint64_t>(count);
      fill(out, integers_, kGapMax, arena);
    } else {
      out.is_float = 1;
      out.count.f = count;
      fill(out, floats_, 0, arena);
    }
    return out;
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr std::int64_t kGapMax = 2;  // of integer histograms, as Prometheus stores them

  struct Bucket {
    double bound;
    double count;  // of observations up to bound
  };

  void put_in_order() {
    const auto before = [](const Bucket& a, const Bucket& b) { return a.bound < b.bound; };
    if (!std::is_sorted(buckets_.begin(), buckets_.end(), before)) {
      std::stable_sort(buckets_.begin(), buckets_.end(), before);
    }
    const auto same = [](const Bucket& a, const Bucket& b) { return a.bound == b.bound; };
    buckets_.erase(std::unique(buckets_.begin(), buckets_.end(), same), buckets_.end());
  }
  static bool is_integer(double count) { return count < 9.2e18 && std::trunc(count) == count; }
  bool is_cumulative() const {
    return std::is_sorted(buckets_.begin(), buckets_.end(),
                          [](const Bucket& a, const Bucket& b) { return a.count < b.count; });
  }
  template <class Count>
  void fill(nx_histogram& out, BucketList<Count>& list, std::int64_t gap_max, BumpArena& arena) {
    list.clear(gap_max);
    Count before = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const Count upto = static_cast<Count>(buckets_[i].count);
      (void)list.add(static_cast<std::int64_t>(i), upto - before);
      before = upto;
    }
    set_positive(out, list, arena);
  }

  std::vector<Bucket> buckets_;
  std::vector<double> bounds_;
  BucketList<std::int64_t> integers_;
  BucketList<double> floats_;
  double sum_ = 0;
  std::optional<double> count_;
  bool good_ = true;
};

}  // namespace narthex::sdk
