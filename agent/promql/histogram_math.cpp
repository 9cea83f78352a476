// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_math.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

namespace narthex::promql {

namespace {

// One side of a histogram taken apart: index -> count.
using Buckets = std::map<std::int32_t, double>;

Buckets buckets_at_schema(const nx_histogram& h, bool positive, std::int32_t schema) {
  const nx_span* spans = positive ? h.pos_spans : h.neg_spans;
  const std::uint32_t span_count = positive ? h.pos_span_count : h.neg_span_count;
  const double* counts = positive ? h.pos.counts : h.neg.counts;
  const std::uint32_t count = positive ? h.pos_bucket_count : h.neg_bucket_count;
  Buckets out;
  std::int32_t index = 0;
  std::uint32_t k = 0;
  for (std::uint32_t s = 0; s < span_count; ++s) {
    index += spans[s].offset;
    for (std::uint32_t i = 0; i < spans[s].length && k < count; ++i, ++index, ++k) {
      // Bucket i of a schema falls into bucket ceil(i / 2) of the next coarser one.
      std::int32_t at = index;
      for (std::int32_t from = h.schema; from > schema; --from) at = (at + 1) >> 1;
      out[at] += counts[k];
    }
  }
  return out;
}

void write_side(const Buckets& buckets, bool positive, nx_histogram& out, Arena& arena) {
  nx_span* spans = arena.array<nx_span>(buckets.size());
  double* counts = arena.array<double>(buckets.size());
  std::uint32_t span_count = 0;
  std::uint32_t count = 0;
  std::int32_t next = 0;
  for (const auto& [index, value] : buckets) {
    if (span_count == 0 || index != next) spans[span_count++] = {index - next, 0};
    ++spans[span_count - 1].length;
    counts[count++] = value;
    next = index + 1;
  }
  (positive ? out.pos_spans : out.neg_spans) = spans;
  (positive ? out.pos_span_count : out.neg_span_count) = span_count;
  (positive ? out.pos.counts : out.neg.counts) = counts;
  (positive ? out.pos_bucket_count : out.neg_bucket_count) = count;
}

double exponential_upper(std::int32_t index, std::int32_t schema) {
  return std::exp2(std::ldexp(static_cast<double>(index), -schema));
}

// Moves the buckets that lie wholly within the threshold into the zero bucket.
void absorb(Buckets& buckets, std::int32_t schema, double threshold, double& zero_count) {
  while (!buckets.empty()) {
    const auto lowest = buckets.begin();
    if (exponential_upper(lowest->first - 1, schema) >= threshold) return;
    zero_count += lowest->second;
    buckets.erase(lowest);
  }
}

// The threshold that holds whole buckets of both.
double common_threshold(const nx_histogram& a, const nx_histogram& b, std::int32_t schema) {
  double threshold = std::max(a.zero_threshold, b.zero_threshold);
  for (const nx_histogram* h : {&a, &b}) {
    for (const bool positive : {true, false}) {
      for (const auto& [index, count] : buckets_at_schema(*h, positive, schema)) {
        const double upper = exponential_upper(index, schema);
        if (exponential_upper(index - 1, schema) >= threshold) break;
        if (count != 0 && upper > threshold) threshold = upper;
      }
    }
  }
  return threshold;
}

bool same_bounds(const nx_histogram& a, const nx_histogram& b) {
  return std::equal(a.custom_values, a.custom_values + a.custom_value_count, b.custom_values,
                    b.custom_values + b.custom_value_count);
}

void add_custom(const nx_histogram& a, const nx_histogram& b, int sign, nx_histogram& out,
                Arena& arena) {
  Buckets sum = buckets_at_schema(a, true, a.schema);
  for (const auto& [index, count] : buckets_at_schema(b, true, b.schema))
    sum[index] += sign * count;
  std::erase_if(sum, [](const auto& bucket) { return bucket.second == 0; });
  write_side(sum, true, out, arena);
  write_side({}, false, out, arena);
}

void add_exponential(const nx_histogram& a, const nx_histogram& b, int sign, nx_histogram& out,
                     Arena& arena) {
  out.schema = std::min(a.schema, b.schema);
  out.zero_threshold = common_threshold(a, b, out.schema);
  double zero_a = a.zero_count.f;
  double zero_b = b.zero_count.f;
  for (const bool positive : {true, false}) {
    Buckets sum = buckets_at_schema(a, positive, out.schema);
    Buckets other = buckets_at_schema(b, positive, out.schema);
    absorb(sum, out.schema, out.zero_threshold, zero_a);
    absorb(other, out.schema, out.zero_threshold, zero_b);
    for (const auto& [index, count] : other) sum[index] += sign * count;
    std::erase_if(sum, [](const auto& bucket) { return bucket.second == 0; });
    write_side(sum, positive, out, arena);
  }
  out.zero_count.f = zero_a + sign * zero_b;
}

std::uint8_t sum_hint(const nx_histogram& a, const nx_histogram& b, bool& collision) {
  if (a.reset_hint == NX_RESET_GAUGE || b.reset_hint == NX_RESET_GAUGE) return NX_RESET_GAUGE;
  if (a.reset_hint == b.reset_hint) return a.reset_hint;
  collision = a.reset_hint != NX_RESET_UNKNOWN && b.reset_hint != NX_RESET_UNKNOWN;
  return NX_RESET_UNKNOWN;
}

const double* scaled(const double* counts, std::uint32_t count, double factor, bool divide,
                     Arena& arena) {
  double* out = arena.array<double>(count);
  for (std::uint32_t i = 0; i < count; ++i)
    out[i] = divide ? counts[i] / factor : counts[i] * factor;
  return out;
}

nx_histogram* with_factor(const nx_histogram& h, double factor, bool divide, Arena& arena) {
  nx_histogram* out = arena.array<nx_histogram>(1);
  *out = h;
  const auto apply = [&](double x) { return divide ? x / factor : x * factor; };
  out->zero_count.f = apply(h.zero_count.f);
  out->count.f = apply(h.count.f);
  out->sum = apply(h.sum);
  out->pos.counts = scaled(h.pos.counts, h.pos_bucket_count, factor, divide, arena);
  out->neg.counts = scaled(h.neg.counts, h.neg_bucket_count, factor, divide, arena);
  if (factor < 0) out->reset_hint = NX_RESET_GAUGE;
  return out;
}

}  // namespace

const nx_histogram* scale_histogram(const nx_histogram& h, double factor, Arena& arena) {
  return with_factor(h, factor, false, arena);
}

const nx_histogram* divide_histogram(const nx_histogram& h, double divisor, Arena& arena) {
  nx_histogram* out = with_factor(h, divisor, true, arena);
  if (divisor == 0) {
    out->pos_span_count = out->neg_span_count = 0;
    out->pos_bucket_count = out->neg_bucket_count = 0;
  }
  return out;
}

HistogramSum add_histograms(const nx_histogram& a, const nx_histogram& b, int sign, Arena& arena) {
  HistogramSum sum;
  const bool custom = a.schema == NX_SCHEMA_CUSTOM;
  if (custom != (b.schema == NX_SCHEMA_CUSTOM)) return sum;
  sum.bounds_differ = custom && !same_bounds(a, b);
  if (sum.bounds_differ) return sum;
  nx_histogram* out = arena.array<nx_histogram>(1);
  *out = a;
  out->reset_hint = sum_hint(a, b, sum.reset_collision);
  if (sign < 0) out->reset_hint = NX_RESET_GAUGE;
  out->count.f = a.count.f + sign * b.count.f;
  out->sum = a.sum + sign * b.sum;
  if (custom) {
    add_custom(a, b, sign, *out, arena);
  } else {
    add_exponential(a, b, sign, *out, arena);
  }
  sum.result = out;
  return sum;
}

bool was_reset(const nx_histogram& now, const nx_histogram& before, Arena& arena) {
  if (now.reset_hint == NX_RESET_YES) return true;
  if (now.reset_hint == NX_RESET_NO) return false;
  if (now.count.f < before.count.f) return true;
  const nx_histogram* grown = add_histograms(now, before, -1, arena).result;
  if (grown == nullptr) return true;
  if (now.schema != NX_SCHEMA_CUSTOM) {
    // Only a new counter is finer, or has a zero bucket that ends within a bucket that was in use.
    if (now.schema > before.schema || grown->zero_threshold != now.zero_threshold) return true;
    if (grown->zero_count.f < 0) return true;
  }
  const auto lost = [](double count) { return count < 0; };
  return std::any_of(grown->pos.counts, grown->pos.counts + grown->pos_bucket_count, lost) ||
         std::any_of(grown->neg.counts, grown->neg.counts + grown->neg_bucket_count, lost);
}

bool equal_histograms(const nx_histogram& a, const nx_histogram& b) {
  const auto same = [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  };
  if (a.schema != b.schema || !same(a.count.f, b.count.f) || !same(a.sum, b.sum)) return false;
  if (a.schema == NX_SCHEMA_CUSTOM && !same_bounds(a, b)) return false;
  if (!same(a.zero_threshold, b.zero_threshold) || !same(a.zero_count.f, b.zero_count.f)) {
    return false;
  }
  for (const bool positive : {true, false}) {
    if (buckets_at_schema(a, positive, a.schema) != buckets_at_schema(b, positive, b.schema)) {
      return false;
    }
  }
  return true;
}

}  // namespace narthex::promql
