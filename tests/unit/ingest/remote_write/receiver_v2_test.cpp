// SPDX-License-Identifier: Apache-2.0
// Remote write 2.0: what is stored, what is answered, and what the headers say was written.
#include "tests/support/write_fixture.hpp"
#include "tests/support/write_message_v2.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace narthex::test {
namespace {

const net::Params kV2{
    {"content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
    {"content-encoding", "snappy"},
    {"x-prometheus-remote-write-version", "2.0.0"}};
const TextPairs kUp{{"__name__", "up"}, {"job", "a"}};
constexpr const char* kUpKey = "__name__=up,job=a,";

std::string header(const net::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "absent";
}

// "samples histograms exemplars" as the answer counts them.
std::string written(const net::Response& response) {
  std::string out;
  for (const char* what : {"Samples", "Histograms", "Exemplars"}) {
    if (!out.empty()) out += ' ';
    out += header(response, std::string("X-Prometheus-Remote-Write-") + what + "-Written");
  }
  return out;
}

std::uint64_t bits(double v) { return WriteFixture::bits_of(v); }
using Kept = std::vector<WriteFixture::Sample>;

TEST_CASE("2.0: samples are stored and counted", "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  RequestV2 request;
  request.series(kUp).sample(1.5, t - 2).sample(std::bit_cast<double>(NX_STALE_NAN_BITS), t);
  request.series({{"__name__", "other"}}).sample(0, t);
  const net::Response answer = f.post(request.body(), kV2);
  CHECK(answer.status == 204);
  CHECK(written(answer) == "3 0 0");
  CHECK(f.read().at(kUpKey) == Kept{{t - 2, bits(1.5)}, {t, NX_STALE_NAN_BITS}});
  CHECK(f.read().at("__name__=other,") == Kept{{t, bits(0)}});
}

TEST_CASE("2.0: symbols may come last, repeat, and lie elsewhere the next time",
          "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  RequestV2 first;
  first.series(kUp).sample(1, t - 2);
  CHECK(f.post(first.body(true), kV2).status == 204);
  RequestV2 second;
  for (const char* other : {"z", "y", "a", "job"}) second.symbol(other);
  second.series(kUp).sample(2, t - 1);
  CHECK(f.post(second.body(), kV2).status == 204);
  RequestV2 unsorted;
  unsorted.series({{"job", "a"}, {"gone", ""}, {"__name__", "up"}}).sample(3, t);
  CHECK(f.post(unsorted.body(), kV2).status == 204);
  REQUIRE(f.read().size() == 1);
  CHECK(f.read().at(kUpKey).size() == 3);
}

TEST_CASE("2.0: references one by one, and in two pieces, are read", "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  for (int round = 0; round < 2; ++round) {
    RequestV2 request;
    const std::vector<std::uint32_t> refs = request.refs_of(kUp);
    RequestV2::Series& single = request.bare();
    for (const std::uint32_t ref : refs) single.one_ref(ref);
    single.sample(round, t - 10 + round);
    request.bare().refs({refs[0], refs[1]}).refs({refs[2], refs[3]}).sample(round, t - 5 + round);
    CHECK(f.post(request.body(), kV2).status == 204);
  }
  REQUIRE(f.read().size() == 1);
  CHECK(f.read().at(kUpKey).size() == 4);
}

TEST_CASE("1.0 and 2.0 write the same series", "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  RequestV2 request;
  request.series(kUp).sample(1, t - 1);
  CHECK(f.post(request.body(), kV2).status == 204);
  const std::string old =
      SeriesMessage().label("__name__", "up").label("job", "a").sample(2, t).in_request();
  const net::Response answer = f.post(old);
  CHECK(answer.status == 204);
  CHECK(written(answer) == "absent absent absent");
  CHECK(f.read().at(kUpKey).size() == 2);
}

TEST_CASE("2.0: bad series are 400 with a reason and the written part counted",
          "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  const auto check = [&](auto&& add_bad, const std::string& why) {
    RequestV2 request;
    request.series(kUp).sample(1, t);
    add_bad(request);
    const net::Response answer = f.post(request.body(), kV2);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(written(answer) == "1 0 0");
    CHECK(answer.body.find(why) == 0);
    CHECK(answer.body.find("1 of 2 samples refused") != std::string::npos);
    CHECK(f.read().size() == 1);
  };
  check(
      [&](RequestV2& r) {
        r.series({{"job", "b"}}).sample(1, t);
      },
      "invalid metric name or labels: no metric name");
  check([&](RequestV2& r) { r.bare().refs({r.symbol("__name__")}).sample(1, t); },
        "invalid labels: an odd number of symbol references");
  check(
      [&](RequestV2& r) {
        r.bare().refs({r.symbol("__name__"), 999}).sample(1, t);
      },
      "invalid labels: symbol reference 999 of 5 symbols");
  check([&](RequestV2& r) { r.bare().sample(1, t); }, "invalid metric name or labels");
  check(
      [&](RequestV2& r) {
        r.series({{"__name__", "m"}}).metadata_refs(1, 77, 0).sample(1, t);
      },
      "invalid metadata: symbol reference 77");
  check(
      [&](RequestV2& r) {
        r.series({{"__name__", "m"}, {"a", "1"}, {"a", "2"}}).sample(1, t);
      },
      "duplicate label name a");
  check(
      [&](RequestV2& r) {
        r.series({{"__name__", "m\xff"}}).sample(1, t);
      },
      "invalid metric name or labels");
}

TEST_CASE("2.0: too many labels are refused however many there are", "[remote_write][v2]") {
  WriteFixture f;
  for (const int count : {64, 127, 128, 400}) {
    TextPairs labels{{"__name__", "up"}};
    for (int i = 0; i < count; ++i) labels.emplace_back("l" + std::to_string(i), "x");
    RequestV2 request;
    request.series(labels).sample(1, f.host.now_ms);
    const net::Response answer = f.post(request.body(), kV2);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(std::to_string(count + 1) + " labels, the limit is 64") == 0);
  }
}

TEST_CASE("2.0: histograms are counted by themselves", "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  HistogramParts parts;
  parts.count = 3;
  parts.sum = 6;
  parts.positive_spans = {{0, 2}};
  parts.positive_deltas = {1, 1};
  parts.t = t;
  HistogramParts custom = parts;
  custom.schema = NX_SCHEMA_CUSTOM;
  custom.custom_values = {0.5, 1};
  HistogramParts bad = parts;
  bad.count = 1;
  RequestV2 request;
  request.series(kUp).histogram(parts).sample(1, t - 5);
  request.series({{"__name__", "custom"}}).histogram(custom);
  request.series({{"__name__", "bad"}}).histogram(bad);
  const net::Response answer = f.post(request.body(), kV2);
  CHECK(answer.status == 400);
  CHECK(answer.body.find("invalid native histogram at timestamp " + std::to_string(t)) == 0);
  CHECK(written(answer) == "1 2 0");
  CHECK(f.read().at(kUpKey) == Kept{{t - 5, bits(1)}, {t, bits(6), true}});
  CHECK(f.read().at("__name__=custom,") == Kept{{t, bits(6), true}});
}

TEST_CASE("2.0: exemplars are counted, and refused ones told", "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  RequestV2 request;
  request.series(kUp).sample(1, t).exemplar(TextPairs{{"trace_id", "abc"}}, 0.5, t - 1);
  const net::Response first = f.post(request.body(), kV2);
  CHECK(first.status == 204);
  CHECK(written(first) == "1 0 1");
  CHECK(f.exemplars() ==
        std::vector<std::string>{"trace_id=abc, 0.500000 @" + std::to_string(t - 1)});
  const auto check = [&](auto&& add) {
    RequestV2 bad;
    add(bad.series(kUp).sample(1, t), bad);
    const net::Response answer = f.post(bad.body(), kV2);
    CHECK(answer.status == 400);
    CHECK(written(answer) == "1 0 0");
    CHECK(answer.body.find("1 of 1 exemplars refused") != std::string::npos);
  };
  check([&](RequestV2::Series& s, RequestV2&) {
    s.exemplar(TextPairs{{"trace_id", "old"}}, 1, t - 100);
  });
  check([&](RequestV2::Series& s, RequestV2&) {
    s.exemplar(TextPairs{{"trace_id", std::string(200, 'x')}}, 1, t);
  });
  check([&](RequestV2::Series& s, RequestV2& r) {
    s.exemplar(std::vector<std::uint32_t>{r.symbol("trace_id"), 99}, 1, t);
  });
  CHECK(f.exemplars().size() == 1);
}

TEST_CASE("2.0: an exemplar of a known series needs no sample", "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  RequestV2 request;
  request.series(kUp).exemplar(TextPairs{{"trace_id", "abc"}}, 1, t);
  const net::Response answer = f.post(request.body(), kV2);
  CHECK(answer.status == 204);
  CHECK(written(answer) == "0 0 1");
}

TEST_CASE("2.0: metadata of series becomes that of their families", "[remote_write][v2]") {
  WriteFixture f;
  std::int64_t t = f.host.now_ms;
  const auto post = [&](std::string_view help) {
    RequestV2 request;
    request.series({{"__name__", "lat_seconds_bucket"}, {"le", "1"}})
        .sample(1, t)
        .metadata(NX_TYPE_HISTOGRAM, help, "seconds");
    request.series({{"__name__", "lat_seconds_count"}})
        .sample(1, t)
        .metadata(NX_TYPE_HISTOGRAM, help, "seconds");
    request.series({{"__name__", "hits_total"}})
        .sample(1, t)
        .metadata(NX_TYPE_COUNTER, "Hits.", "");
    request.series({{"__name__", "q_sum"}}).sample(1, t).metadata(NX_TYPE_SUMMARY, "Q.", "");
    request.series({{"__name__", "plain_sum"}}).sample(1, t).metadata(NX_TYPE_GAUGE, "P.", "");
    request.series({{"__name__", "none"}}).sample(1, t).metadata(NX_TYPE_UNKNOWN, "", "");
    ++t;
    CHECK(f.post(request.body(), kV2).status == 204);
  };
  for (const char* help : {"Latency.", "Latency.", "Otherwise."}) {
    post(help);
    CHECK(f.metadata() == std::vector<std::string>{"hits_total|1||Hits.",
                                                   std::string("lat_seconds|3|seconds|") + help,
                                                   "plain_sum|2||P.", "q|5||Q."});
  }
}

TEST_CASE("2.0: series get type and unit of their metadata as labels, where those are asked for",
          "[remote_write][v2]") {
  nx_value on{};
  on.type = NX_BOOL;
  on.u.i = 1;
  nx_kv entry{NX_STR("type_and_unit_labels"), on};
  nx_value config{};
  config.type = NX_TABLE;
  config.len = 1;
  config.u.entries = &entry;
  WriteFixture f(nullptr, &config);
  std::int64_t t = f.host.now_ms;
  const auto post = [&](std::int32_t type, std::string_view unit) {
    RequestV2 request;
    request.series({{"__name__", "m"}, {"__type__", "own"}})
        .sample(1, ++t)
        .metadata(type, "", unit);
    request.series({{"__name__", "n"}}).sample(1, t);
    CHECK(f.post(request.body(), kV2).status == 204);
  };
  post(NX_TYPE_COUNTER, "seconds");
  post(NX_TYPE_COUNTER, "seconds");
  // Now it is something else.
  post(NX_TYPE_GAUGE, "");
  post(NX_TYPE_UNKNOWN, "");
  std::map<std::string, std::size_t> counts;
  for (const auto& [series, samples] : f.read()) counts[series] = samples.size();
  CHECK(counts ==
        std::map<std::string, std::size_t>{{"__name__=m,__type__=counter,__unit__=seconds,", 2},
                                           {"__name__=m,__type__=gauge,", 1},
                                           {"__name__=m,__type__=own,", 1},
                                           {"__name__=n,", 4}});
}

TEST_CASE("what a receiver said of rows that were not stored is not answered", "[remote_write]") {
  ingest::PluginReply reply;
  const sdk::IngestReply handle(reply.raw());
  handle.status(204);
  handle.header("X-Prometheus-Remote-Write-Samples-Written", "7");
  handle.body("fine");
  reply.discard();
  const net::Response answer = reply.finish(Status{NX_ERR_IO, "disk full"});
  CHECK(answer.status == 503);
  CHECK(answer.body == "disk full\n");
  CHECK(written(answer) == "absent absent absent");
}

TEST_CASE("2.0: what is no request is 400 without counts", "[remote_write][v2]") {
  WriteFixture f;
  for (const char* body : {"\xff\xff\xff\xff", "\x2a\x7f", "\x22\x05"}) {
    const net::Response answer = f.post(body, kV2);
    CHECK(answer.status == 400);
    CHECK(written(answer) == "absent absent absent");
  }
  const net::Response empty = f.post("", kV2);
  CHECK(empty.status == 204);
  CHECK(written(empty) == "0 0 0");
  // A request of 1.0 has no field that 2.0 knows.
  const net::Response other =
      f.post(SeriesMessage().label("__name__", "up").sample(1, f.host.now_ms).in_request(), kV2);
  CHECK(other.status == 204);
  CHECK(written(other) == "0 0 0");
  CHECK(f.read().empty());
}

TEST_CASE("a body of more symbols or series than a request may have is refused",
          "[remote_write][v2]") {
  WriteFixture f;
  std::string symbols, series;
  for (int i = 0; i <= (1 << 21); ++i) {
    symbols += std::string("\x22\x00", 2);
    series += std::string("\x2a\x00", 2);
  }
  CHECK(f.post(symbols, kV2).status == 400);
  CHECK(f.post(series, kV2).status == 400);
}

TEST_CASE("2.0: known series are still known after a symbol of theirs changed",
          "[remote_write][v2]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  for (int i = 0; i < 3; ++i) {
    RequestV2 request;
    request.series({{"__name__", "up"}, {"job", i == 1 ? "b" : "a"}}).sample(i, t + i);
    CHECK(f.post(request.body(), kV2).status == 204);
  }
  CHECK(f.read().at(kUpKey).size() == 2);
  CHECK(f.read().at("__name__=up,job=b,").size() == 1);
}

}  // namespace
}  // namespace narthex::test
