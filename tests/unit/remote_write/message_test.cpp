// SPDX-License-Identifier: Apache-2.0
// Requests of both versions, as our own receiver understands them.
#include "remote_write/message.hpp"
#include "tests/support/write_fixture.hpp"
#include "tests/unit/remote_write/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <bit>

namespace narthex::remote_write {
namespace {

const net::Params kV2Headers{
    {"content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
    {"content-encoding", "snappy"}};

struct Rows {
  explicit Rows(std::int64_t t) {
    const SeriesMapper mapper(Labels{{"site", "oslo"}}, relabel::Program());
    up = mapper.map({{"__name__", "up"}, {"job", "a"}});
    lat = mapper.map({{"__name__", "lat_seconds"}});
    static const std::int64_t deltas[] = {1, 2};
    static const nx_span span{-1, 2};
    histogram.t = t;
    histogram.histogram.schema = 2;
    histogram.histogram.count.u = 4;
    histogram.histogram.sum = 2.5;
    histogram.histogram.reset_hint = NX_RESET_NO;
    histogram.histogram.pos_spans = &span;
    histogram.histogram.pos_span_count = 1;
    histogram.histogram.pos.deltas = deltas;
    histogram.histogram.pos_bucket_count = 2;
    exemplar.t = t;
    exemplar.value = 0.5;
    exemplar.labels = {{"trace_id", "abc"}};
    rows.push_back({up, t - 2, 0, 1.5, nullptr, nullptr, nullptr});
    rows.push_back({lat, t, 0, 0, &histogram, nullptr, nullptr});
    rows.push_back(
        {up, t, t - 60'000, std::bit_cast<double>(NX_STALE_NAN_BITS), nullptr, nullptr, nullptr});
    rows.push_back({up, t, 0, 0, nullptr, &exemplar, nullptr});
  }
  TargetSeriesRef up, lat;
  Frame::HistogramRow histogram{};
  Frame::ExemplarRow exemplar{};
  std::vector<OutRow> rows;
};

void check_received(test::WriteFixture& f, std::int64_t t) {
  using Sample = test::WriteFixture::Sample;
  const auto found = f.read();
  REQUIRE(found.size() == 2);
  CHECK(found.at("__name__=up,job=a,site=oslo,") ==
        std::vector<Sample>{{t - 2, test::WriteFixture::bits_of(1.5), false},
                            {t, NX_STALE_NAN_BITS, false}});
  CHECK(found.at("__name__=lat_seconds,site=oslo,") ==
        std::vector<Sample>{{t, test::WriteFixture::bits_of(2.5), true}});
  CHECK(f.exemplars() == std::vector<std::string>{"trace_id=abc, 0.500000 @" + std::to_string(t)});
}

TEST_CASE("a request of 1.0 arrives whole", "[remote_write]") {
  test::WriteFixture f;
  const Rows rows(f.host.now_ms);
  MessageWriter writer;
  CHECK(f.post(writer.version1(rows.rows)).status == 204);
  check_received(f, f.host.now_ms);
  const RowCounts counts = count_rows(rows.rows);
  CHECK(counts.samples == 2);
  CHECK(counts.histograms == 1);
  CHECK(counts.exemplars == 1);
}

TEST_CASE("a request of 2.0 arrives whole, with metadata", "[remote_write]") {
  test::WriteFixture f;
  const Rows rows(f.host.now_ms);
  FamilyTable families;
  families["up"] = {NX_TYPE_GAUGE, "Whether it is up.", ""};
  families["lat_seconds"] = {NX_TYPE_HISTOGRAM, "", "seconds"};
  MessageWriter writer;
  for (int round = 0; round < 2; ++round) {  // the second finds its series where the first left it
    CHECK(f.post(writer.version2(rows.rows, families), kV2Headers).status == 204);
    check_received(f, f.host.now_ms);
  }
  CHECK(f.metadata() ==
        std::vector<std::string>{"lat_seconds|3|seconds|", "up|2||Whether it is up."});
}

TEST_CASE("rows of a series stand together, in their order", "[remote_write]") {
  const Rows rows(1'000'000);
  MessageWriter writer;
  ingest::remote_write::WriteRequest request;
  const std::string body = writer.version1(rows.rows);
  REQUIRE(request.parse(body).ok());
  REQUIRE(request.columns.series.size() == 2);
  CHECK(request.columns.series[0].row_count == 2);
  CHECK(request.columns.series[0].exemplar_count == 1);
  CHECK(request.columns.t == std::vector<std::int64_t>{999'998, 1'000'000, 1'000'000});
}

TEST_CASE("start times go out in 2.0", "[remote_write]") {
  const Rows rows(1'000'000);
  MessageWriter writer;
  ingest::remote_write::WriteRequestV2 request;
  const std::string body = writer.version2(rows.rows, {});
  REQUIRE(request.parse(body).ok());
  CHECK(request.columns.st == std::vector<std::int64_t>{0, 940'000, 0});
}

TEST_CASE("a series finds the metadata of its family", "[remote_write]") {
  FamilyTable families;
  families["a"] = {NX_TYPE_HISTOGRAM, "", ""};
  families["s"] = {NX_TYPE_SUMMARY, "", ""};
  families["g"] = {NX_TYPE_GAUGE, "", ""};
  families["g_sum"] = {NX_TYPE_COUNTER, "", ""};
  const auto type = [&](std::string_view name) {
    const FamilyMetadata* found = find_family(families, name);
    return found != nullptr ? static_cast<int>(found->type) : -1;
  };
  CHECK(type("a_bucket") == NX_TYPE_HISTOGRAM);
  CHECK(type("a") == NX_TYPE_HISTOGRAM);
  CHECK(type("s_count") == NX_TYPE_SUMMARY);
  CHECK(type("s_bucket") == -1);
  CHECK(type("g_sum") == NX_TYPE_COUNTER);
  CHECK(type("g_count") == -1);
  CHECK(type("") == -1);
}

}  // namespace
}  // namespace narthex::remote_write
