// SPDX-License-Identifier: Apache-2.0
// Comparing two samples of a histogram: is one a reset of the other, are they equal.
#include "plugins/function/promql/histogram.hpp"

#include <algorithm>
#include <bit>

namespace narthex::function_promql {

namespace {

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// A bucket of previous holds more than the same one of current, which may not be there.
bool lost_anything(const BucketSide& current, const BucketSide& previous) {
  std::size_t c = 0;
  for (std::size_t p = 0; p < previous.size(); ++p) {
    while (c < current.size() && current.index[c] < previous.index[p]) ++c;
    const bool there = c < current.size() && current.index[c] == previous.index[p];
    if (there ? current.count[c] < previous.count[p] : previous.count[p] != 0) return true;
  }
  return false;
}

bool same_counts(const BucketSide& a, const BucketSide& b) {
  return a.index == b.index &&
         std::equal(a.count.begin(), a.count.end(), b.count.begin(), b.count.end(), same_bits);
}

}  // namespace

bool detect_reset(const nx_histogram& current, const nx_histogram& previous,
                  FloatHistogram (&scratch)[2]) {
  if (current.reset_hint == NX_RESET_YES) return true;
  if (current.reset_hint == NX_RESET_NO) return false;
  if (current.count.f < previous.count.f) return true;
  if (fit(current, previous) != Fit::kOk) return true;
  if (current.schema > previous.schema) return true;  // a finer one begins anew
  scratch[0].load(current);
  scratch[1].load(previous);
  if (!has_custom_buckets(current)) {
    if (current.zero_threshold < previous.zero_threshold) return true;
    scratch[1].widen_zero_bucket(current.zero_threshold);
    // Only a new counter has its zero bucket end within a bucket that was in use.
    if (scratch[1].head.zero_threshold != current.zero_threshold) return true;
    if (current.zero_count.f < scratch[1].head.zero_count.f) return true;
    scratch[1].reduce_to(current.schema);
  }
  return lost_anything(scratch[0].positive, scratch[1].positive) ||
         lost_anything(scratch[0].negative, scratch[1].negative);
}

bool equal(const nx_histogram& a, const nx_histogram& b, FloatHistogram (&scratch)[2]) {
  if (a.schema != b.schema || !same_bits(a.count.f, b.count.f) || !same_bits(a.sum, b.sum)) {
    return false;
  }
  if (has_custom_buckets(a) && !same_bounds(a, b)) return false;
  if (a.zero_threshold != b.zero_threshold || !same_bits(a.zero_count.f, b.zero_count.f)) {
    return false;
  }
  scratch[0].load(a);
  scratch[1].load(b);
  return same_counts(scratch[0].positive, scratch[1].positive) &&
         same_counts(scratch[0].negative, scratch[1].negative);
}

}  // namespace narthex::function_promql
