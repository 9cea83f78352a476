// SPDX-License-Identifier: Apache-2.0
// When a native histogram is valid: the rules of Prometheus's model, one function a rule.
#include "storage/head/histogram.hpp"

#include <cmath>
#include <limits>
#include <span>

namespace narthex::storage::head {
namespace {

constexpr const char* kNegativeOffset = "histogram has a span whose offset is negative";
constexpr const char* kSpansMismatch =
    "histogram spans specify different number of buckets than provided";
constexpr const char* kNegativeCount = "histogram has a bucket whose observation count is negative";

std::span<const nx_span> positive_spans(const nx_histogram& h) {
  return {h.pos_spans, h.pos_span_count};
}
std::span<const nx_span> negative_spans(const nx_histogram& h) {
  return {h.neg_spans, h.neg_span_count};
}

const char* spans_problem(std::span<const nx_span> spans, std::uint32_t bucket_count,
                          bool first_may_be_negative) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].offset < 0 && !(i == 0 && first_may_be_negative)) return kNegativeOffset;
    total += spans[i].length;
  }
  return total == bucket_count ? nullptr : kSpansMismatch;
}

const char* bounds_problem(const nx_histogram& h) {
  double before = -std::numeric_limits<double>::infinity();
  for (const double bound : std::span(h.custom_values, h.custom_value_count)) {
    if (!(bound > before)) return "histogram custom bounds must be in strictly increasing order";
    before = bound;
  }
  if (before == std::numeric_limits<double>::infinity()) {
    return "histogram custom bounds must be finite";
  }
  if (const char* problem = spans_problem(positive_spans(h), h.pos_bucket_count, false)) {
    return problem;
  }
  return h.pos_bucket_count > h.custom_value_count + 1u ? "histogram custom bounds are too few"
                                                        : nullptr;
}

const char* custom_problem(const nx_histogram& h) {
  if (const char* problem = bounds_problem(h)) return problem;
  const bool zero_empty = h.is_float != 0 ? h.zero_count.f == 0 : h.zero_count.u == 0;
  if (!zero_empty) return "custom buckets: must have zero count of 0";
  if (h.zero_threshold != 0) return "custom buckets: must have zero threshold of 0";
  if (h.neg_span_count != 0) return "custom buckets: must not have negative spans";
  return h.neg_bucket_count != 0 ? "custom buckets: must not have negative buckets" : nullptr;
}

const char* exponential_problem(const nx_histogram& h) {
  if (h.schema < -4 || h.schema > 8) return "unknown histogram schema";
  if (const char* p = spans_problem(positive_spans(h), h.pos_bucket_count, true)) return p;
  if (const char* p = spans_problem(negative_spans(h), h.neg_bucket_count, true)) return p;
  return h.custom_value_count != 0 ? "histogram with exponential schema must not have custom bounds"
                                   : nullptr;
}

// Adds the buckets up; false when one is negative. Sums wrap, as Prometheus's do.
bool add_integer_buckets(std::span<const std::int64_t> deltas, std::uint64_t& sum) {
  std::uint64_t bucket = 0;
  for (const std::int64_t delta : deltas) {
    bucket += static_cast<std::uint64_t>(delta);
    if (static_cast<std::int64_t>(bucket) < 0) return false;
    sum += bucket;
  }
  return true;
}

const char* integer_counts_problem(const nx_histogram& h) {
  std::uint64_t sum = h.zero_count.u;
  if (!add_integer_buckets({h.neg.deltas, h.neg_bucket_count}, sum) ||
      !add_integer_buckets({h.pos.deltas, h.pos_bucket_count}, sum)) {
    return kNegativeCount;
  }
  // Observations of NaN are counted and are in no bucket.
  if (std::isnan(h.sum)) {
    return sum > h.count.u ? "histogram's observation count should be at least the number of "
                             "observations found in the buckets"
                           : nullptr;
  }
  return sum != h.count.u ? "histogram's observation count should equal the number of observations "
                            "found in the buckets (in absence of NaN)"
                          : nullptr;
}

// Sums of floats are not compared with the count: rounding would refuse good histograms.
const char* float_counts_problem(const nx_histogram& h) {
  for (const double count : std::span(h.neg.counts, h.neg_bucket_count)) {
    if (count < 0) return kNegativeCount;
  }
  for (const double count : std::span(h.pos.counts, h.pos_bucket_count)) {
    if (count < 0) return kNegativeCount;
  }
  if (h.zero_count.f < 0) return "zero bucket: histogram has a negative observation count";
  return h.count.f < 0 ? "histogram has a negative observation count" : nullptr;
}

}  // namespace

const char* histogram_problem(const nx_histogram& h) {
  const bool custom = h.schema == NX_SCHEMA_CUSTOM;
  if (const char* problem = custom ? custom_problem(h) : exponential_problem(h)) return problem;
  return h.is_float != 0 ? float_counts_problem(h) : integer_counts_problem(h);
}

}  // namespace narthex::storage::head
