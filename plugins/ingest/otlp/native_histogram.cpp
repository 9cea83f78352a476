// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/native_histogram.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace narthex::ingest::otlp {
namespace {

constexpr std::int32_t kSchemaMin = -4;
constexpr std::int32_t kSchemaMax = 8;
constexpr double kDefaultZeroThreshold = 1e-128;
// A gap of up to so many empty buckets is filled, a longer one begins a span.
constexpr std::int64_t kFilledGapMax = 2;

// Collects ascending buckets into spans and deltas.
class SpanBuilder {
 public:
  SpanBuilder(std::vector<nx_span>& spans, std::vector<std::int64_t>& deltas)
      : spans_(spans), deltas_(deltas) {}

  void begin(std::int64_t index) {
    spans_.push_back({static_cast<std::int32_t>(index), 0});
    next_ = index;
  }
  void add(std::int64_t index, std::uint64_t count) {
    const std::int64_t gap = index - next_;
    if (gap > kFilledGapMax) {
      spans_.push_back({static_cast<std::int32_t>(gap), 0});
    } else {
      for (std::int64_t i = 0; i < gap; ++i) put(0);
    }
    put(count);
    next_ = index + 1;
  }

 private:
  // Deltas of counts beyond 2^63 wrap around, and back when they are summed up.
  void put(std::uint64_t count) {
    ++spans_.back().length;
    deltas_.push_back(static_cast<std::int64_t>(count - before_));
    before_ = count;
  }

  std::vector<nx_span>& spans_;
  std::vector<std::int64_t>& deltas_;
  std::int64_t next_ = 0;
  std::uint64_t before_ = 0;
};

// 2^scale_down neighbours are one bucket. Empty buckets at either end of what was sent are left
// out, except that the first stays where nothing is counted at all.
void convert(const std::vector<std::uint64_t>& counts, std::int64_t offset, int scale_down,
             int shift, std::vector<nx_span>& spans, std::vector<std::int64_t>& deltas) {
  if (counts.empty()) return;
  const auto index_of = [&](std::size_t i) {
    return ((static_cast<std::int64_t>(i) + offset) >> scale_down) + shift;
  };
  SpanBuilder builder(spans, deltas);
  builder.begin(index_of(0));
  for (std::size_t i = 0; i < counts.size();) {
    const std::int64_t index = index_of(i);
    std::uint64_t count = 0;
    for (; i < counts.size() && index_of(i) == index; ++i) count += counts[i];
    if (count != 0 || i == counts.size()) builder.add(index, count);
  }
}

void set_numbers(const DataPoint& point, Temporality temporality, nx_histogram& head) {
  // Whether a counter was reset is for the storage to find out; deltas are no counters.
  head.reset_hint = temporality == Temporality::kDelta ? NX_RESET_GAUGE : NX_RESET_UNKNOWN;
  head.count.u = point.no_recorded_value ? NX_STALE_NAN_BITS : point.count;
  head.sum = point.no_recorded_value ? std::bit_cast<double>(NX_STALE_NAN_BITS)
             : point.has_sum         ? point.sum
                                     : 0;
}

}  // namespace

nx_histogram NativeHistogram::view() const {
  nx_histogram h = head;
  h.pos_spans = positive_spans.data();
  h.pos_span_count = static_cast<std::uint32_t>(positive_spans.size());
  h.pos.deltas = positive_deltas.data();
  h.pos_bucket_count = static_cast<std::uint32_t>(positive_deltas.size());
  h.neg_spans = negative_spans.data();
  h.neg_span_count = static_cast<std::uint32_t>(negative_spans.size());
  h.neg.deltas = negative_deltas.data();
  h.neg_bucket_count = static_cast<std::uint32_t>(negative_deltas.size());
  h.custom_values = custom_values.data();
  h.custom_value_count = static_cast<std::uint32_t>(custom_values.size());
  return h;
}

Status check_exponential(const DataPoint& point) {
  if (point.scale < kSchemaMin) {
    return invalid_data(
        "cannot convert exponential to native histogram. Scale must be >= -4, was " +
        std::to_string(point.scale));
  }
  constexpr std::int32_t kOffsetMax = 1 << 30;
  for (const std::int32_t offset : {point.positive.offset, point.negative.offset}) {
    if (offset > kOffsetMax || offset < -kOffsetMax) {
      return invalid_data("bucket offset " + std::to_string(offset) + " is out of range");
    }
  }
  return {};
}

Result<NativeHistogram> from_exponential(const DataPoint& point, Temporality temporality) {
  const Status usable = check_exponential(point);
  if (!usable.ok()) return usable;
  const int scale_down = point.scale > kSchemaMax ? std::min(point.scale - kSchemaMax, 62) : 0;
  NativeHistogram out;
  out.head.schema = std::min(point.scale, kSchemaMax);
  out.head.zero_threshold = kDefaultZeroThreshold;
  out.head.zero_count.u = point.zero_count;
  set_numbers(point, temporality, out.head);
  // Bucket 0 of OTLP begins at 1, that of Prometheus ends there.
  convert(point.positive.counts, point.positive.offset, scale_down, 1, out.positive_spans,
          out.positive_deltas);
  convert(point.negative.counts, point.negative.offset, scale_down, 1, out.negative_spans,
          out.negative_deltas);
  return out;
}

NativeHistogram from_explicit(const DataPoint& point, Temporality temporality) {
  NativeHistogram out;
  out.head.schema = NX_SCHEMA_CUSTOM;
  set_numbers(point, temporality, out.head);
  std::size_t first = 0;
  while (first < point.bucket_counts.size() && point.bucket_counts[first] == 0) ++first;
  const std::vector<std::uint64_t> counts(
      point.bucket_counts.begin() + static_cast<std::ptrdiff_t>(first), point.bucket_counts.end());
  convert(counts, static_cast<std::int64_t>(first), 0, 0, out.positive_spans, out.positive_deltas);
  out.custom_values = point.bounds;
  return out;
}

}  // namespace narthex::ingest::otlp
