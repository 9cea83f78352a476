// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/buckets.hpp"

#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/histogram_bounds.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace narthex::function_promql {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_custom(const nx_histogram& h) { return h.schema == NX_SCHEMA_CUSTOM; }

double upper_bound(const nx_histogram& h, std::int32_t index) {
  if (!is_custom(h)) return sdk::exponential_bound(index, h.schema);
  if (index < 0) return -kInf;
  const auto at = static_cast<std::uint32_t>(index);
  return at < h.custom_value_count ? h.custom_values[at] : kInf;
}

template <class F>
void each_bucket(const nx_histogram& h, bool positive, F&& f) {
  const nx_span* spans = positive ? h.pos_spans : h.neg_spans;
  const std::uint32_t span_count = positive ? h.pos_span_count : h.neg_span_count;
  const double* counts = positive ? h.pos.counts : h.neg.counts;
  const std::uint32_t count = positive ? h.pos_bucket_count : h.neg_bucket_count;
  std::int32_t index = 0;
  std::uint32_t k = 0;
  double lower = kNan;
  for (std::uint32_t s = 0; s < span_count; ++s) {
    index += spans[s].offset;
    for (std::uint32_t i = 0; i < spans[s].length && k < count; ++i, ++index, ++k) {
      if (i == 0) lower = upper_bound(h, index - 1);
      const double upper = upper_bound(h, index);
      f(lower, upper, counts[k]);
      lower = upper;
    }
  }
}

// One side being empty, the zero bucket belongs to the other.
bool only_positive(const nx_histogram& h) {
  return h.neg_bucket_count == 0 && h.pos_bucket_count > 0;
}
bool only_negative(const nx_histogram& h) {
  return h.pos_bucket_count == 0 && h.neg_bucket_count > 0;
}

double on_log_scale(const Bucket& bucket, double fraction) {
  const double low = std::log2(std::fabs(bucket.lower));
  const double high = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(low + (high - low) * fraction);
  return -std::exp2(high + (low - high) * (1 - fraction));
}

// How much of an exponential bucket lies below v.
double part_below(const Bucket& bucket, double v) {
  const double low = std::log2(std::fabs(bucket.lower));
  const double high = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(v));
  return v > 0 ? (at - low) / (high - low) : 1 - (at - high) / (low - high);
}

double total(const std::vector<Bucket>& buckets) {
  double sum = 0;
  for (const Bucket& bucket : buckets) sum += bucket.count;
  return sum;
}

// The bucket in which the rank is reached, counted from below or from above.
struct Reached {
  Bucket bucket;
  double count = 0;
};
template <class Iterator>
Reached reach(Iterator first, Iterator last, double rank) {
  Reached out;
  for (; first != last; ++first) {
    out.bucket = *first;
    if (first->count == 0) continue;
    out.count += first->count;
    if (out.count >= rank) break;
  }
  return out;
}

// Observations below `bound`, as buckets are passed by ascending bounds.
class Below {
 public:
  explicit Below(double bound) : bound_(bound) {}
  void pass(const Bucket& bucket, double before, bool linear) {
    if (found_) return;
    if (bucket.lower >= bound_) {
      set(before);
    } else if (bucket.upper > bound_) {
      set(linear ? linear_rank(bucket, before)
                 : before + bucket.count * part_below(bucket, bound_));
    }
  }
  double rank(double total) const { return found_ && rank_ <= total ? rank_ : total; }

 private:
  void set(double rank) {
    rank_ = rank;
    found_ = true;
  }
  double linear_rank(const Bucket& bucket, double before) const {
    if (bucket.lower == -kInf) return bucket.count;  // nothing is known within
    return before + bucket.count * (bound_ - bucket.lower) / (bucket.upper - bucket.lower);
  }

  const double bound_;
  double rank_ = 0;
  bool found_ = false;
};

}  // namespace

void read_buckets(const nx_histogram& h, std::vector<Bucket>& out) {
  out.clear();
  const double zero = h.zero_threshold;
  each_bucket(h, false, [&](double lower, double upper, double count) {
    out.push_back({-upper, -lower, count});
  });
  std::reverse(out.begin(), out.end());
  const bool exponential = !is_custom(h);
  for (Bucket& bucket : out) {
    if (exponential && bucket.upper > -zero) bucket.upper = -zero;
  }
  if (exponential && h.zero_count.f > 0) out.push_back({-zero, zero, h.zero_count.f});
  each_bucket(h, true, [&](double lower, double upper, double count) {
    out.push_back({exponential && lower < zero ? zero : lower, upper, count});
  });
}

Estimate native_quantile(double q, const nx_histogram& h, const std::vector<Bucket>& buckets) {
  if (q < 0) return {-kInf};
  if (q > 1) return {kInf};
  const double observations = h.count.f;
  if (observations == 0 || std::isnan(q)) return {kNan};
  // NaN was observed in no bucket, so ranks count from below where there may be any.
  const bool may_have_nan = std::isnan(h.sum);
  const bool upward = may_have_nan || q < 0.5;
  double rank = upward ? q * observations : (1 - q) * observations;
  auto [bucket, count] = upward ? reach(buckets.begin(), buckets.end(), rank)
                                : reach(buckets.rbegin(), buckets.rend(), rank);
  if (is_custom(h)) {
    if (bucket.lower == -kInf) {
      if (bucket.upper <= 0) return {bucket.upper};
      bucket.lower = 0;
    } else if (bucket.upper == kInf) {
      return {bucket.lower};
    }
  } else if (bucket.lower < 0 && bucket.upper > 0) {
    if (only_positive(h)) bucket.lower = 0;
    if (only_negative(h)) bucket.upper = 0;
  }
  count = std::min(count, observations);
  if (count < rank) {
    // Negative counts, as subtraction makes them, may never reach a rank.
    return may_have_nan ? Estimate{kNan, NanNote::kResult} : Estimate{bucket.upper};
  }
  NanNote note = NanNote::kNone;
  if (may_have_nan && total(buckets) < observations) note = NanNote::kSkewed;
  rank = upward ? rank - (count - bucket.count) : count - rank;
  const double fraction = rank / bucket.count;
  if (is_custom(h) || (bucket.lower <= 0 && bucket.upper >= 0)) {
    return {bucket.lower + (bucket.upper - bucket.lower) * fraction, note};
  }
  return {on_log_scale(bucket, fraction), note};
}

Estimate native_fraction(double lower, double upper, const nx_histogram& h,
                         const std::vector<Bucket>& buckets) {
  if (h.count.f == 0 || std::isnan(lower) || std::isnan(upper)) return {kNan};
  const double counted = total(buckets);
  const NanNote note =
      std::isnan(h.sum) && counted < h.count.f ? NanNote::kExcluded : NanNote::kNone;
  if (lower >= upper) return {0, NanNote::kNone};
  Below low(lower);
  Below high(upper);
  double before = 0;
  for (Bucket bucket : buckets) {
    const bool zero = bucket.lower <= 0 && bucket.upper >= 0;
    if (zero && only_positive(h)) bucket.lower = 0;
    if (zero && only_negative(h)) bucket.upper = 0;
    const bool linear = zero || is_custom(h);
    low.pass(bucket, before, linear);
    high.pass(bucket, before, linear);
    before += bucket.count;
  }
  const double bound = std::isnan(h.sum) ? std::min(counted, h.count.f) : h.count.f;
  return {(high.rank(bound) - low.rank(bound)) / h.count.f, note};
}

double native_variance(const nx_histogram& h, const std::vector<Bucket>& buckets) {
  const double mean = h.sum / h.count.f;
  CompensatedSum squares;
  for (const Bucket& bucket : buckets) {
    if (bucket.count == 0) continue;
    double middle = 0;
    if (is_custom(h)) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (bucket.lower > 0 || bucket.upper < 0) {
      middle = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) middle = -middle;
    }
    const double delta = middle - mean;
    squares.add(bucket.count * delta * delta);
  }
  return (squares.sum + squares.compensation) / h.count.f;
}

}  // namespace narthex::function_promql
