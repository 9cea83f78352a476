// SPDX-License-Identifier: Apache-2.0
#include "scrape/histogram_fit.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace narthex::scrape {
namespace {

constexpr std::int32_t kSchemaMin = -4;
constexpr std::int32_t kSchemaMax = 8;

std::uint64_t bucket_count(const nx_histogram& h) {
  return std::uint64_t{h.pos_bucket_count} + h.neg_bucket_count;
}

// The buckets of one side, `steps` schemas coarser. Bucket i ends at 2^(i / 2^schema), so it falls
// into bucket ceil(i / 2^steps).
template <class Count>
void merge(std::span<const nx_span> spans, std::span<const Count> buckets, int steps,
           sdk::BucketList<Count>& out) {
  out.clear();
  std::int64_t target = 0;
  Count sum = 0;
  sdk::for_each_bucket(spans, buckets, [&](std::int64_t index, Count count) {
    const std::int64_t next = ((index - 1) >> steps) + 1;
    if (next != target) {
      (void)out.add(target, sum);  // nearer to zero than an index that a span could reach
      target = next;
      sum = 0;
    }
    sum += count;
  });
  (void)out.add(target, sum);
}

}  // namespace

std::int32_t max_schema(double min_bucket_factor) {
  if (!(min_bucket_factor > 1)) return kSchemaMax;
  const double schema = std::floor(-std::log2(std::log2(min_bucket_factor)));
  return static_cast<std::int32_t>(std::clamp<double>(schema, kSchemaMin, kSchemaMax));
}

nx_histogram HistogramFitter::coarser(const nx_histogram& h, std::int32_t schema,
                                      sdk::BumpArena& arena) {
  const int steps = h.schema - schema;
  const std::span positive(h.pos_spans, h.pos_span_count);
  const std::span negative(h.neg_spans, h.neg_span_count);
  nx_histogram out = h;
  out.schema = schema;
  if (h.is_float != 0) {
    merge(positive, std::span(h.pos.counts, h.pos_bucket_count), steps, floats_);
    sdk::set_positive(out, floats_, arena);
    merge(negative, std::span(h.neg.counts, h.neg_bucket_count), steps, floats_);
    sdk::set_negative(out, floats_, arena);
  } else {
    merge(positive, std::span(h.pos.deltas, h.pos_bucket_count), steps, integers_);
    sdk::set_positive(out, integers_, arena);
    merge(negative, std::span(h.neg.deltas, h.neg_bucket_count), steps, integers_);
    sdk::set_negative(out, integers_, arena);
  }
  return out;
}

bool HistogramFitter::fit(nx_histogram& histogram, std::int32_t max_schema,
                          std::uint64_t bucket_limit, sdk::BumpArena& arena) {
  const auto fits = [&](const nx_histogram& h) {
    return bucket_limit == 0 || bucket_count(h) <= bucket_limit;
  };
  if (histogram.schema == NX_SCHEMA_CUSTOM) return fits(histogram);
  nx_histogram out = histogram;
  if (out.schema > max_schema) out = coarser(out, max_schema, arena);
  while (!fits(out)) {
    if (out.schema <= kSchemaMin) return false;
    out = coarser(out, out.schema - 1, arena);
  }
  histogram = out;
  return true;
}

}  // namespace narthex::scrape
