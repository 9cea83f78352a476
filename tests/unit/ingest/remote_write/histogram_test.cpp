// SPDX-License-Identifier: Apache-2.0
// Native histograms through the receiver: integer, float, custom buckets, stale, and bad ones.
#include "tests/support/write_fixture.hpp"

#include <catch2/catch.hpp>

#include <span>

namespace narthex::test {
namespace {

SeriesMessage latency() { return SeriesMessage().label("__name__", "latency"); }

HistogramParts integer_parts(std::int64_t t) {
  HistogramParts parts;
  parts.count = 13;
  parts.sum = 18.4;
  parts.schema = 1;
  parts.zero_count = 2;
  parts.zero_threshold = 0.001;
  parts.positive_spans = {{0, 2}, {1, 2}};
  parts.positive_deltas = {1, 1, -1, 0};  // 1 2 1 1
  parts.negative_spans = {{-2, 2}};
  parts.negative_deltas = {2, 2};  // 2 4
  parts.reset_hint = NX_RESET_YES;
  parts.t = t;
  return parts;
}

TEST_CASE("an integer histogram is stored as it came", "[remote_write][histogram]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  REQUIRE(f.post(latency().histogram(integer_parts(t)).in_request()).status == 204);
  REQUIRE(f.with_histogram(t, [](const nx_histogram& h) {
    CHECK(h.is_float == 0);
    CHECK(h.schema == 1);
    CHECK(h.count.u == 13);
    CHECK(h.sum == 18.4);
    CHECK(h.zero_count.u == 2);
    CHECK(h.zero_threshold == 0.001);
    REQUIRE(h.pos_span_count == 2);
    CHECK(h.pos_spans[1].offset == 1);
    CHECK(h.pos_spans[1].length == 2);
    REQUIRE(h.neg_span_count == 1);
    CHECK(h.neg_spans[0].offset == -2);
    REQUIRE(h.pos_bucket_count == 4);
    const std::span positive(h.pos.deltas, 4);
    CHECK(std::vector(positive.begin(), positive.end()) == std::vector<std::int64_t>{1, 1, -1, 0});
    REQUIRE(h.neg_bucket_count == 2);
    CHECK(h.neg.deltas[1] == 2);
  }));
}

TEST_CASE("a float histogram is stored as it came", "[remote_write][histogram]") {
  WriteFixture f;
  HistogramParts parts;
  parts.is_float = true;
  parts.count = 4.5;
  parts.sum = 2.25;
  parts.zero_count = 0.5;
  parts.positive_spans = {{3, 2}};
  parts.positive_counts = {1.5, 2.5};
  parts.reset_hint = NX_RESET_GAUGE;
  parts.t = f.host.now_ms;
  REQUIRE(f.post(latency().histogram(parts).in_request()).status == 204);
  REQUIRE(f.with_histogram(parts.t, [](const nx_histogram& h) {
    CHECK(h.is_float == 1);
    CHECK(h.count.f == 4.5);
    CHECK(h.zero_count.f == 0.5);
    CHECK(h.reset_hint == NX_RESET_GAUGE);
    REQUIRE(h.pos_bucket_count == 2);
    CHECK(h.pos.counts[0] == 1.5);
    CHECK(h.pos.counts[1] == 2.5);
    CHECK(h.pos_spans[0].offset == 3);
  }));
}

TEST_CASE("custom buckets keep their bounds", "[remote_write][histogram]") {
  WriteFixture f;
  HistogramParts parts;
  parts.schema = NX_SCHEMA_CUSTOM;
  parts.count = 6;
  parts.sum = 9;
  parts.positive_spans = {{0, 3}};
  parts.positive_deltas = {1, 1, 1};
  parts.custom_values = {0.5, 2};
  parts.t = f.host.now_ms;
  REQUIRE(f.post(latency().histogram(parts).in_request()).status == 204);
  REQUIRE(f.with_histogram(parts.t, [](const nx_histogram& h) {
    CHECK(h.schema == NX_SCHEMA_CUSTOM);
    REQUIRE(h.custom_value_count == 2);
    CHECK(h.custom_values[0] == 0.5);
    CHECK(h.custom_values[1] == 2);
    CHECK(h.pos_bucket_count == 3);
  }));
}

TEST_CASE("a stale marker among histograms survives", "[remote_write][histogram]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  HistogramParts stale;
  stale.sum = std::bit_cast<double>(NX_STALE_NAN_BITS);
  stale.t = t;
  CHECK(f.post(latency().histogram(integer_parts(t - 1)).histogram(stale).in_request()).status ==
        204);
  const auto found = f.read().at("__name__=latency,");
  REQUIRE(found.size() == 2);
  CHECK(found[1].histogram);
  CHECK(found[1].bits == NX_STALE_NAN_BITS);
}

TEST_CASE("floats and histograms share a request", "[remote_write][histogram]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  const std::string body = SeriesMessage().label("__name__", "up").sample(1, t).in_request() +
                           latency().histogram(integer_parts(t)).in_request() +
                           SeriesMessage().label("__name__", "z").sample(2, t).in_request();
  CHECK(f.post(body).status == 204);
  const auto found = f.read();
  REQUIRE(found.size() == 3);
  CHECK_FALSE(found.at("__name__=up,")[0].histogram);
  CHECK(found.at("__name__=latency,")[0].histogram);
  CHECK(found.at("__name__=z,")[0].bits == WriteFixture::bits_of(2));
}

TEST_CASE("arrays that are not packed are valid protobuf", "[remote_write][histogram]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(1, 3);
  writer.add_double(3, 5);
  writer.add_int64(15, t);
  {
    protozero::pbf_writer span(writer, 11);
    span.add_uint32(2, 2);
  }
  writer.add_sint64(12, 1);
  writer.add_sint64(12, 1);
  REQUIRE(f.post(latency().raw(4, message).in_request()).status == 204);
  REQUIRE(f.with_histogram(t, [](const nx_histogram& h) {
    REQUIRE(h.pos_bucket_count == 2);
    CHECK(h.pos.deltas[0] == 1);
    CHECK(h.pos.deltas[1] == 1);
  }));
}

TEST_CASE("histograms that make no sense are 400, the rest is stored",
          "[remote_write][histogram]") {
  std::vector<HistogramParts> bad(8, integer_parts(0));
  bad[0].count = 12;                          // less than the buckets hold
  bad[1].schema = 9;                          // no such schema
  bad[2].positive_deltas = {1, -2, 1, 1};     // a bucket below zero
  bad[3].positive_spans = {{0, 5}};           // other than the buckets
  bad[4].positive_spans = {{0, 2}, {-1, 2}};  // runs backwards
  bad[5].custom_values = {1, 2};              // bounds of another kind
  bad[6].schema = NX_SCHEMA_CUSTOM;           // with negative buckets and a zero bucket
  bad[7].schema = NX_SCHEMA_CUSTOM, bad[7].negative_spans.clear(), bad[7].negative_deltas.clear(),
  bad[7].zero_count = 0, bad[7].zero_threshold = 0, bad[7].count = 5,
  bad[7].positive_spans = {{0, 4}}, bad[7].custom_values = {2, 1, 3};  // bounds that fall
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  for (std::size_t i = 0; i < bad.size(); ++i) {
    INFO(i);
    bad[i].t = t;
    const net::Response answer =
        f.post(latency().histogram(bad[i]).in_request() +
               SeriesMessage().label("__name__", "up").sample(1, t).in_request());
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find("invalid native histogram") == 0);
    CHECK(answer.body.find("1 of 2 samples refused") != std::string::npos);
    CHECK(f.read().size() == 1);
  }
}

}  // namespace
}  // namespace narthex::test
