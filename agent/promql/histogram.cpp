// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram.hpp"

#include "promql/histogram_bounds.hpp"

#include "promql/numbers.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

namespace narthex::promql {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kBlockBytes = 64 << 10;

const double* float_buckets(const nx_histogram& h, bool positive, Arena& arena) {
  const std::uint32_t count = positive ? h.pos_bucket_count : h.neg_bucket_count;
  const nx_buckets& from = positive ? h.pos : h.neg;
  double* out = arena.array<double>(count);
  if (h.is_float != 0) {
    std::copy_n(from.counts, count, out);
    return out;
  }
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < count; ++i) out[i] = static_cast<double>(sum += from.deltas[i]);
  return out;
}

const nx_span* copy_spans(const nx_span* spans, std::uint32_t count, Arena& arena) {
  nx_span* out = arena.array<nx_span>(count);
  std::copy_n(spans, count, out);
  return out;
}

double upper_bound(const nx_histogram& h, std::int32_t index) {
  if (h.schema != NX_SCHEMA_CUSTOM) return exponential_bound(index, h.schema);
  const auto at = static_cast<std::uint32_t>(index);
  return index >= 0 && at < h.custom_value_count ? h.custom_values[at]
                                                 : std::numeric_limits<double>::infinity();
}

double lower_bound(const nx_histogram& h, std::int32_t index) {
  if (h.schema != NX_SCHEMA_CUSTOM) return exponential_bound(index - 1, h.schema);
  return index <= 0 ? -std::numeric_limits<double>::infinity() : upper_bound(h, index - 1);
}

void append_side(const nx_histogram& h, bool positive, std::vector<HistogramBucket>& out) {
  const nx_span* spans = positive ? h.pos_spans : h.neg_spans;
  const std::uint32_t span_count = positive ? h.pos_span_count : h.neg_span_count;
  const std::uint32_t bucket_count = positive ? h.pos_bucket_count : h.neg_bucket_count;
  const double* counts = positive ? h.pos.counts : h.neg.counts;
  std::int32_t index = 0;
  std::uint32_t k = 0;
  for (std::uint32_t s = 0; s < span_count; ++s) {
    index += spans[s].offset;
    for (std::uint32_t i = 0; i < spans[s].length && k < bucket_count; ++i, ++index, ++k) {
      const double lower = lower_bound(h, index);
      const double upper = upper_bound(h, index);
      const int boundaries = !positive                      ? 1
                             : !std::isinf(lower)           ? 0
                             : h.schema == NX_SCHEMA_CUSTOM ? 3
                                                            : 0;
      out.push_back(positive ? HistogramBucket{boundaries, lower, upper, counts[k]}
                             : HistogramBucket{boundaries, -upper, -lower, counts[k]});
    }
  }
}

}  // namespace

void Arena::Free::operator()(void* memory) const {
  ::operator delete (memory, std::align_val_t{kAlignment});
}

void* Arena::allocate(std::size_t bytes) {
  bytes = (std::max<std::size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  if (bytes > left_) {
    const std::size_t size = std::max(bytes, kBlockBytes);
    charge_.add(size);
    blocks_.emplace_back(::operator new (size, std::align_val_t{kAlignment}));
    next_ = static_cast<char*>(blocks_.back().get());
    left_ = size;
    bytes_ += size;
  }
  void* out = next_;
  std::memset(out, 0, bytes);
  next_ += bytes;
  left_ -= bytes;
  return out;
}

bool is_stale(const nx_histogram& histogram) { return is_stale(histogram.sum); }

const nx_histogram* copy_as_float(const nx_histogram& h, Arena& arena) {
  nx_histogram* out = arena.array<nx_histogram>(1);
  *out = h;
  out->is_float = 1;
  if (h.is_float == 0) {
    out->count.f = static_cast<double>(h.count.u);
    out->zero_count.f = static_cast<double>(h.zero_count.u);
  }
  out->pos_spans = copy_spans(h.pos_spans, h.pos_span_count, arena);
  out->neg_spans = copy_spans(h.neg_spans, h.neg_span_count, arena);
  out->pos.counts = float_buckets(h, true, arena);
  out->neg.counts = float_buckets(h, false, arena);
  double* bounds = arena.array<double>(h.custom_value_count);
  std::copy_n(h.custom_values, h.custom_value_count, bounds);
  out->custom_values = bounds;
  return out;
}

std::uint64_t sample_weight(const nx_histogram& h) {
  // A float sample is 16 bytes; a histogram weighs what it takes in memory, its time included.
  const std::uint64_t bytes = 168 + 8 * (h.pos_span_count + h.neg_span_count) +
                              8 * (h.pos_bucket_count + h.neg_bucket_count) +
                              8 * h.custom_value_count + 8;
  return std::max<std::uint64_t>(bytes / 16, 1);
}

std::vector<HistogramBucket> buckets_of(const nx_histogram& h) {
  std::vector<HistogramBucket> all;
  append_side(h, false, all);
  std::reverse(all.begin(), all.end());
  if (h.zero_count.f > 0) {
    all.push_back({3, -h.zero_threshold, h.zero_threshold, h.zero_count.f});
  }
  append_side(h, true, all);
  std::erase_if(all, [](const HistogramBucket& bucket) { return bucket.count == 0; });
  return all;
}

std::string print_histogram(const nx_histogram& h) {
  std::string out = "{count:" + format_general(h.count.f) + ", sum:" + format_general(h.sum);
  for (const HistogramBucket& b : buckets_of(h)) {
    const bool lower_in = b.boundaries == 1 || b.boundaries == 3;
    const bool upper_in = b.boundaries == 0 || b.boundaries == 3;
    out += std::string(", ") + (lower_in ? '[' : '(') + format_general(b.lower) + "," +
           format_general(b.upper) + (upper_in ? ']' : ')') + ":" + format_general(b.count);
  }
  return out + "}";
}

}  // namespace narthex::promql
