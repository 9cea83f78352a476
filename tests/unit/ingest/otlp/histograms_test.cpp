// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/delta_streams.hpp"
#include "plugins/ingest/otlp/native_histogram.hpp"

#include <catch2/catch.hpp>

#include <bit>

namespace narthex::ingest::otlp {
namespace {

// Buckets of a native histogram as index=count, those with a count only.
std::string buckets_of(const std::vector<nx_span>& spans, const std::vector<std::int64_t>& deltas) {
  std::string out;
  std::int64_t index = 0;
  std::int64_t count = 0;
  std::size_t at = 0;
  for (const nx_span& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i, ++index) {
      count += deltas.at(at++);
      if (count != 0) out += std::to_string(index) + "=" + std::to_string(count) + " ";
    }
  }
  CHECK(at == deltas.size());
  return out;
}

DataPoint exponential(std::int32_t scale, std::int32_t offset, std::vector<std::uint64_t> counts) {
  DataPoint point;
  point.scale = scale;
  point.positive = {offset, std::move(counts)};
  return point;
}

std::string positive(const DataPoint& point) {
  const Result<NativeHistogram> h = from_exponential(point, Temporality::kCumulative);
  REQUIRE(h.ok());
  return buckets_of(h->positive_spans, h->positive_deltas);
}

}  // namespace

TEST_CASE("bucket 0 of OTLP is bucket 1 here", "[otlp][histogram]") {
  CHECK(positive(exponential(0, 0, {1, 2})) == "1=1 2=2 ");
  CHECK(positive(exponential(0, -3, {4})) == "-2=4 ");
  CHECK(positive(exponential(0, 0, {})) == "");
}

TEST_CASE("short gaps are filled, long ones begin a span", "[otlp][histogram]") {
  const auto spans = [](std::vector<std::uint64_t> counts) {
    return from_exponential(exponential(0, 0, std::move(counts)), Temporality::kCumulative)
        ->positive_spans.size();
  };
  CHECK(spans({1, 0, 0, 1}) == 1);
  CHECK(spans({1, 0, 0, 0, 1}) == 2);
  CHECK(positive(exponential(0, 0, {1, 0, 0, 0, 0, 2, 3})) == "1=1 6=2 7=3 ");
  CHECK(positive(exponential(0, 0, {0, 0, 0, 0, 5})) == "5=5 ");
}

TEST_CASE("a scale above 8 is brought down", "[otlp][histogram]") {
  // Two neighbours are one bucket, wherever the first one lies.
  CHECK(positive(exponential(9, 0, {1, 2, 4, 8})) == "1=3 2=12 ");
  CHECK(positive(exponential(9, 1, {1, 2, 4, 8})) == "1=1 2=6 3=8 ");
  CHECK(positive(exponential(9, -3, {1, 2, 4})) == "-1=1 0=6 ");
  CHECK(positive(exponential(9, 0, {0, 0, 1, 2})) == "2=3 ");
  CHECK(positive(exponential(10, 0, {1, 1, 1, 1, 1})) == "1=4 2=1 ");
  const Result<NativeHistogram> h =
      from_exponential(exponential(20, 5, {1}), Temporality::kCumulative);
  REQUIRE(h.ok());
  CHECK(h->head.schema == 8);
}

TEST_CASE("what no schema has is refused", "[otlp][histogram]") {
  CHECK(from_exponential(exponential(-4, 0, {1}), Temporality::kCumulative).ok());
  CHECK_FALSE(from_exponential(exponential(-5, 0, {1}), Temporality::kCumulative).ok());
  CHECK_FALSE(from_exponential(exponential(0, INT32_MAX, {1}), Temporality::kCumulative).ok());
}

TEST_CASE("counts beyond 2^63 are differences that wrap around", "[otlp][histogram]") {
  const Result<NativeHistogram> h = from_exponential(
      exponential(0, 0, {2, (std::uint64_t{1} << 63) + 5}), Temporality::kCumulative);
  REQUIRE(h.ok());
  CHECK(h->positive_deltas == std::vector<std::int64_t>{2, INT64_MIN + 3});
}

TEST_CASE("numbers of a native histogram", "[otlp][histogram]") {
  DataPoint point = exponential(2, 0, {3});
  point.count = 5;
  point.zero_count = 2;
  point.sum = 7.5;
  point.has_sum = true;
  const NativeHistogram h = *from_exponential(point, Temporality::kCumulative);
  CHECK(h.head.count.u == 5);
  CHECK(h.head.zero_count.u == 2);
  CHECK(h.head.zero_threshold == 1e-128);
  CHECK(h.head.sum == 7.5);
  CHECK(h.head.reset_hint == NX_RESET_UNKNOWN);
  CHECK(from_exponential(point, Temporality::kDelta)->head.reset_hint == NX_RESET_GAUGE);
  point.no_recorded_value = true;
  const NativeHistogram stale = *from_exponential(point, Temporality::kCumulative);
  CHECK(std::bit_cast<std::uint64_t>(stale.head.sum) == NX_STALE_NAN_BITS);
}

TEST_CASE("explicit buckets keep their bounds", "[otlp][histogram]") {
  DataPoint point;
  point.bucket_counts = {0, 0, 3, 1};
  point.bounds = {1, 2, 5};
  point.count = 4;
  const NativeHistogram h = from_explicit(point, Temporality::kCumulative);
  CHECK(h.head.schema == NX_SCHEMA_CUSTOM);
  CHECK(h.custom_values == point.bounds);
  CHECK(buckets_of(h.positive_spans, h.positive_deltas) == "2=3 3=1 ");
}

TEST_CASE("exponential deltas meet at the coarser scale", "[otlp][delta]") {
  DataPoint sum = exponential(2, 4, {1, 2, 3, 4});
  sum.count = 10;
  DataPoint more = exponential(1, 3, {5});
  more.count = 5;
  add_exponential(sum, more);
  CHECK(sum.scale == 1);
  CHECK(sum.count == 15);
  // At scale 1 the first four are buckets 2 (1 + 2) and 3 (3 + 4).
  CHECK(sum.positive.offset == 2);
  CHECK(sum.positive.counts == std::vector<std::uint64_t>{3, 12});
}

TEST_CASE("buckets far apart are made coarser, not a long row of zeros", "[otlp][delta]") {
  DataPoint sum = exponential(8, 0, {1});
  add_exponential(sum, exponential(8, 1'000'000, {1}));
  CHECK(sum.positive.counts.size() <= 4'097);
  CHECK(sum.positive.counts.front() == 1);
  CHECK(sum.positive.counts.back() == 1);
  CHECK(sum.scale < 8);
}

TEST_CASE("explicit deltas add up until their bounds change", "[otlp][delta]") {
  DeltaStreams streams(1, 1'000);
  const auto point = [](std::uint64_t time_ns, std::vector<std::uint64_t> counts,
                        std::vector<double> bounds) {
    DataPoint p;
    p.time_ns = time_ns;
    p.bucket_counts = std::move(counts);
    p.bounds = std::move(bounds);
    p.count = 3;
    p.has_sum = true;
    p.sum = 1.5;
    return p;
  };
  DataPoint p = point(10, {1, 2}, {5});
  REQUIRE(streams.accumulate("h", MetricKind::kHistogram, p, 0).ok());
  p = point(20, {3, 4}, {5});
  REQUIRE(streams.accumulate("h", MetricKind::kHistogram, p, 0).ok());
  CHECK(p.bucket_counts == std::vector<std::uint64_t>{4, 6});
  CHECK(p.count == 6);
  CHECK(p.sum == 3);
  p = point(30, {1, 1, 1}, {5, 6});
  REQUIRE(streams.accumulate("h", MetricKind::kHistogram, p, 0).ok());
  CHECK(p.bucket_counts == std::vector<std::uint64_t>{1, 1, 1});
  CHECK(streams.accumulate("h", MetricKind::kHistogram, p, 0).code() == NX_ERR_INVALID_DATA);
  DataPoint other = point(1, {}, {});
  CHECK(streams.accumulate("g", MetricKind::kHistogram, other, 0).code() == NX_ERR_EXHAUSTED);
  streams.forget(5'000);
  CHECK(streams.size() == 0);
}

}  // namespace narthex::ingest::otlp
