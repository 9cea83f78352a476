// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/histogram.hpp"

#include <narthex/sdk/histogram_bounds.hpp>

#include <algorithm>

namespace narthex::function_promql {

namespace {

void load_side(const nx_span* spans, std::uint32_t span_count, const double* counts,
               std::uint32_t count, BucketSide& out) {
  out.clear();
  std::int32_t index = 0;
  std::uint32_t k = 0;
  for (std::uint32_t s = 0; s < span_count; ++s) {
    index += spans[s].offset;
    for (std::uint32_t i = 0; i < spans[s].length && k < count; ++i, ++index, ++k) {
      out.index.push_back(index);
      out.count.push_back(counts[k]);
    }
  }
}

// Bucket i of a schema falls into bucket ceil(i / 2) of the next coarser one.
void reduce_side(BucketSide& side, int shift) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < side.size(); ++i) {
    const std::int32_t at = ((side.index[i] - 1) >> shift) + 1;
    if (kept > 0 && side.index[kept - 1] == at) {
      side.count[kept - 1] += side.count[i];
      continue;
    }
    side.index[kept] = at;
    side.count[kept++] = side.count[i];
  }
  side.index.resize(kept);
  side.count.resize(kept);
}

void drop_first(BucketSide& side, std::size_t count) {
  const auto n = static_cast<std::ptrdiff_t>(count);
  side.index.erase(side.index.begin(), side.index.begin() + n);
  side.count.erase(side.count.begin(), side.count.begin() + n);
}

// How many buckets begin below the threshold, and where the last of these ends if it is cut and
// holds something; 0: nothing is cut.
struct Covered {
  std::size_t count = 0;
  double cut_end = 0;
};
Covered covered(const BucketSide& side, std::int32_t schema, double threshold) {
  Covered out;
  for (; out.count < side.size(); ++out.count) {
    const std::int32_t at = side.index[out.count];
    if (sdk::exponential_bound(at - 1, schema) >= threshold) break;
    const double upper = sdk::exponential_bound(at, schema);
    if (upper > threshold && side.count[out.count] != 0) out.cut_end = upper;
  }
  return out;
}

void compact_side(BucketSide& side) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < side.size(); ++i) {
    if (side.count[i] == 0) continue;
    side.index[kept] = side.index[i];
    side.count[kept++] = side.count[i];
  }
  side.index.resize(kept);
  side.count.resize(kept);
}

void write_spans(const BucketSide& side, std::vector<nx_span>& spans) {
  spans.clear();
  std::int32_t next = 0;
  for (const std::int32_t index : side.index) {
    if (spans.empty() || index != next) spans.push_back({index - next, 0});
    ++spans.back().length;
    next = index + 1;
  }
}

}  // namespace

bool same_bounds(const nx_histogram& a, const nx_histogram& b) {
  return std::equal(a.custom_values, a.custom_values + a.custom_value_count, b.custom_values,
                    b.custom_values + b.custom_value_count);
}

Fit fit(const nx_histogram& a, const nx_histogram& b) {
  if (has_custom_buckets(a) != has_custom_buckets(b)) return Fit::kMixedSchemas;
  return !has_custom_buckets(a) || same_bounds(a, b) ? Fit::kOk : Fit::kBoundsDiffer;
}

void BucketSide::append(std::int32_t at, double value) {
  if (!index.empty() && index.back() == at) {
    count.back() += value;
    return;
  }
  index.push_back(at);
  count.push_back(value);
}

void FloatHistogram::load(const nx_histogram& h) {
  head = h;
  load_side(h.pos_spans, h.pos_span_count, h.pos.counts, h.pos_bucket_count, positive);
  load_side(h.neg_spans, h.neg_span_count, h.neg.counts, h.neg_bucket_count, negative);
}

void FloatHistogram::load_empty_like(const nx_histogram& h) {
  head = {};
  head.is_float = 1;
  head.schema = h.schema;
  head.custom_values = h.custom_values;
  head.custom_value_count = h.custom_value_count;
  positive.clear();
  negative.clear();
}

void FloatHistogram::reduce_to(std::int32_t schema) {
  if (has_custom_buckets(head) || schema >= head.schema) return;
  reduce_side(positive, head.schema - schema);
  reduce_side(negative, head.schema - schema);
  head.schema = schema;
}

void FloatHistogram::widen_zero_bucket(double threshold) {
  if (threshold == head.zero_threshold) return;
  Covered above;
  Covered below;
  for (;;) {
    above = covered(positive, head.schema, threshold);
    below = covered(negative, head.schema, threshold);
    const double end = std::max(above.cut_end, below.cut_end);
    if (end <= threshold) break;
    threshold = end;
  }
  for (std::size_t i = 0; i < above.count; ++i) head.zero_count.f += positive.count[i];
  for (std::size_t i = 0; i < below.count; ++i) head.zero_count.f += negative.count[i];
  drop_first(positive, above.count);
  drop_first(negative, below.count);
  head.zero_threshold = threshold;
}

void FloatHistogram::merge_side(BucketSide& side, const BucketSide& other, double sign) {
  if (side.index == other.index) {  // the usual case: the layout of one series stays
    for (std::size_t i = 0; i < side.size(); ++i) side.count[i] += sign * other.count[i];
    return;
  }
  merged_.clear();
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < side.size() || b < other.size()) {
    if (b == other.size() || (a < side.size() && side.index[a] <= other.index[b])) {
      merged_.append(side.index[a], side.count[a]);
      ++a;
    } else {
      merged_.append(other.index[b], sign * other.count[b]);
      ++b;
    }
  }
  std::swap(side, merged_);
}

void FloatHistogram::add(FloatHistogram& other, double sign) {
  if (!has_custom_buckets(head)) {
    while (head.zero_threshold != other.head.zero_threshold) {
      if (head.zero_threshold > other.head.zero_threshold) {
        other.widen_zero_bucket(head.zero_threshold);
      } else {
        widen_zero_bucket(other.head.zero_threshold);
      }
    }
    reduce_to(other.head.schema);
    other.reduce_to(head.schema);
    head.zero_count.f += sign * other.head.zero_count.f;
  }
  head.count.f += sign * other.head.count.f;
  head.sum += sign * other.head.sum;
  merge_side(positive, other.positive, sign);
  merge_side(negative, other.negative, sign);
  const std::uint8_t theirs = other.head.reset_hint;
  if (sign < 0 || theirs == NX_RESET_GAUGE || head.reset_hint == NX_RESET_GAUGE) {
    head.reset_hint = NX_RESET_GAUGE;
  } else if (theirs != head.reset_hint) {
    head.reset_hint = NX_RESET_UNKNOWN;
  }
}

void FloatHistogram::scale(double factor) {
  head.zero_count.f *= factor;
  head.count.f *= factor;
  head.sum *= factor;
  for (BucketSide* side : {&positive, &negative}) {
    for (double& count : side->count) count *= factor;
  }
  if (factor < 0) head.reset_hint = NX_RESET_GAUGE;
}

void FloatHistogram::divide(double divisor) {
  head.zero_count.f /= divisor;
  head.count.f /= divisor;
  head.sum /= divisor;
  for (BucketSide* side : {&positive, &negative}) {
    for (double& count : side->count) count /= divisor;
  }
  if (divisor < 0) head.reset_hint = NX_RESET_GAUGE;
}

void FloatHistogram::compact() {
  compact_side(positive);
  compact_side(negative);
}

nx_histogram FloatHistogram::shown() {
  write_spans(positive, spans_[0]);
  write_spans(negative, spans_[1]);
  nx_histogram out = head;
  out.is_float = 1;
  out.pos_spans = spans_[0].data();
  out.pos_span_count = static_cast<std::uint32_t>(spans_[0].size());
  out.pos.counts = positive.count.data();
  out.pos_bucket_count = static_cast<std::uint32_t>(positive.size());
  out.neg_spans = spans_[1].data();
  out.neg_span_count = static_cast<std::uint32_t>(spans_[1].size());
  out.neg.counts = negative.count.data();
  out.neg_bucket_count = static_cast<std::uint32_t>(negative.size());
  return out;
}

void FloatHistogram::put(const sdk::FunctionContext& context, std::uint64_t element) {
  context.put(element, shown());
}

}  // namespace narthex::function_promql
