// SPDX-License-Identifier: Apache-2.0
// What the receiver stores and what it answers, over the memory backend.
#include "tests/support/write_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace narthex::test {
namespace {

using Samples = std::vector<WriteFixture::Sample>;

SeriesMessage up() { return SeriesMessage().label("__name__", "up").label("job", "a"); }
SeriesMessage named(std::string_view name) { return SeriesMessage().label("__name__", name); }

TEST_CASE("samples are stored with every bit, staleness markers too", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  const double stale = std::bit_cast<double>(NX_STALE_NAN_BITS);
  const net::Response answer = f.post(up().sample(1.5, t - 3)
                                          .sample(-0.0, t - 2)
                                          .sample(1e308, t - 1)
                                          .sample(stale, t)
                                          .in_request());
  CHECK(answer.status == 204);
  CHECK(answer.body.empty());
  const auto bits = WriteFixture::bits_of;
  CHECK(f.read().at("__name__=up,job=a,") ==
        Samples{
            {t - 3, bits(1.5)}, {t - 2, bits(-0.0)}, {t - 1, bits(1e308)}, {t, NX_STALE_NAN_BITS}});
}

TEST_CASE("an empty body stores nothing and is fine", "[remote_write]") {
  WriteFixture f;
  CHECK(f.post("").status == 204);
  CHECK(f.post(up().in_request()).status == 204);  // a series without samples
  CHECK(f.read().empty());
  CHECK(f.post_raw("").status == 400);  // not even a snappy block
}

TEST_CASE("one series is one series however its labels are ordered", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  CHECK(f.post(up().sample(1, t - 1).in_request()).status == 204);
  const std::string turned =
      SeriesMessage().label("job", "a").label("__name__", "up").sample(2, t).in_request();
  CHECK(f.post(turned).status == 204);
  const auto found = f.read();
  REQUIRE(found.size() == 1);
  CHECK(found.begin()->second.size() == 2);
}

TEST_CASE("labels after samples, and in two places, are read", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  const auto scattered = [&](double v, std::int64_t at) {
    return named("up").sample(v, at).label("job", "a").in_request();
  };
  CHECK(f.post(scattered(1, t - 1)).status == 204);
  CHECK(f.post(scattered(2, t)).status == 204);
  const auto found = f.read();
  REQUIRE(found.size() == 1);
  CHECK(found.at("__name__=up,job=a,").size() == 2);
}

TEST_CASE("series that share the start of their labels stay apart", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  // The second has its other label after the sample: the bytes before it name the first.
  REQUIRE(f.post(named("up").sample(1, t).in_request()).status == 204);
  REQUIRE(f.post(named("up").sample(2, t).label("job", "b").in_request()).status == 204);
  const auto found = f.read();
  CHECK(found.size() == 2);
  CHECK(found.at("__name__=up,job=b,") == Samples{{t, WriteFixture::bits_of(2)}});
}

TEST_CASE("bad labels are 400 with counts, and the valid part is stored", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  const std::string good = up().sample(1, t).in_request();
  const auto check = [&](const std::string& bad, const std::string& why, int refused, int all) {
    const net::Response answer = f.post(bad + good);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(why) == 0);
    const std::string counts =
        std::to_string(refused) + " of " + std::to_string(all) + " samples refused";
    CHECK(answer.body.find(counts) != std::string::npos);
    CHECK(f.read().size() == 1);
    CHECK(f.read().at("__name__=up,job=a,").size() == 1);
  };
  check(SeriesMessage().label("job", "x").sample(1, t).in_request(),
        "invalid metric name or labels: no metric name", 1, 2);
  check(SeriesMessage().sample(1, t).in_request(), "invalid metric name or labels", 1, 2);
  check(named("a\xff").sample(1, t).sample(2, t + 1).in_request(), "invalid metric name or labels",
        2, 3);
  check(named("a").label("x", "1").label("x", "1").sample(1, t).in_request(),
        "duplicate label name x", 1, 2);
  check(named("a").label("x", std::string(16'385, 'v')).sample(1, t).in_request(),
        "label value of 16385 bytes", 1, 2);
  check(named("a").label("x", "1").label("x", "2").sample(1, t).in_request() +
            SeriesMessage().label("y", "").sample(1, t).sample(2, t + 1).in_request(),
        "duplicate label name x", 3, 4);
}

TEST_CASE("a series without a sample fails nothing, whatever its labels", "[remote_write]") {
  WriteFixture f;
  const std::string bad = SeriesMessage().label("x", "1").label("x", "1").in_request();
  CHECK(f.post(bad + up().sample(1, f.host.now_ms).in_request()).status == 204);
}

TEST_CASE("samples come in any order; only the newest time has one value", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  CHECK(f.post(up().sample(3, t).sample(1, t - 9).sample(2, t - 5).in_request()).status == 204);
  CHECK(f.post(up().sample(7, t - 5).in_request()).status == 204);  // the last write wins
  CHECK(f.post(up().sample(3, t).in_request()).status == 204);
  const net::Response answer = f.post(up().sample(4, t).sample(8, t - 7).in_request());
  CHECK(answer.status == 400);
  CHECK(answer.body.find("duplicate sample for timestamp " + std::to_string(t)) == 0);
  CHECK(answer.body.find("1 of 2 samples refused") != std::string::npos);
  const auto bits = WriteFixture::bits_of;
  CHECK(f.read().at("__name__=up,job=a,") ==
        Samples{{t - 9, bits(1)}, {t - 7, bits(8)}, {t - 5, bits(7)}, {t, bits(3)}});
}

TEST_CASE("times too far off are 400 and name themselves", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  const std::int64_t ahead = t + 10 * 60'000 + 1;
  const net::Response future = f.post(up().sample(1, ahead).in_request());
  CHECK(future.status == 400);
  CHECK(future.body.find("out of bounds: timestamp is too far in the future: " +
                         std::to_string(ahead)) == 0);
  const net::Response old =
      f.post(up().sample(1, t - std::int64_t{16} * 24 * 3'600'000).in_request());
  CHECK(old.status == 400);
  CHECK(old.body.find("too old sample") == 0);
  CHECK(f.read().empty());
}

TEST_CASE("exemplars are kept, and those that do not fit fail nothing", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  CHECK(f.post(up().sample(1, t).exemplar({{"trace_id", "abc"}}, 0.5, t - 1).in_request()).status ==
        204);
  CHECK(f.exemplars() ==
        std::vector<std::string>{"trace_id=abc, 0.500000 @" + std::to_string(t - 1)});
  const std::string too_long(200, 'x');
  CHECK(f.post(up().exemplar({{"trace_id", too_long}}, 1, t).in_request()).status == 204);
  CHECK(f.post(up().exemplar({{"trace_id", "old"}}, 1, t - 100).in_request()).status == 204);
  CHECK(f.exemplars().size() == 1);
  CHECK(f.post(up().exemplar({{"trace_id", "def"}}, 2, t).in_request()).status == 204);
  CHECK(f.exemplars().size() == 2);
}

TEST_CASE("an exemplar that is none fails the request whole", "[remote_write]") {
  WriteFixture f;
  const std::string torn("\x0a\x7f", 2);  // a label of 127 bytes that are not there
  const net::Response answer = f.post(up().sample(1, f.host.now_ms).raw(3, torn).in_request());
  CHECK(answer.status == 400);
  CHECK(f.read().empty());
}

TEST_CASE("metadata of families is kept, the newest word of each", "[remote_write]") {
  WriteFixture f;
  CHECK(f.post(metadata_in_request(NX_TYPE_COUNTER, "http_total", "Requests.", "") +
               metadata_in_request(NX_TYPE_GAUGE, "heat_celsius", "Heat.", "celsius"))
            .status == 204);
  CHECK(f.metadata() ==
        std::vector<std::string>{"heat_celsius|2|celsius|Heat.", "http_total|1||Requests."});
  CHECK(f.post(metadata_in_request(99, "http_total", "Others.", "")).status == 204);
  CHECK(f.metadata().back() == "http_total|0||Others.");
}

TEST_CASE("headers of other protocols are 415 and store nothing", "[remote_write]") {
  WriteFixture f;
  const std::string body = up().sample(1, f.host.now_ms).in_request();
  const auto status = [&](std::string type, std::string encoding) {
    return f
        .post(body, {{"content-type", std::move(type)}, {"content-encoding", std::move(encoding)}})
        .status;
  };
  CHECK(status("application/x-protobuf;proto=io.prometheus.write.v3.Request", "snappy") == 415);
  CHECK(status("text/plain", "snappy") == 415);
  CHECK(status("application/x-protobuf", "gzip") == 415);
  CHECK(f.read().empty());
  CHECK(f.post(body, {}).status == 204);
}

TEST_CASE("series that the storage forgot are resolved again", "[remote_write]") {
  WriteFixture f;
  const std::int64_t t = f.host.now_ms;
  REQUIRE(f.post(up().sample(1, t).in_request()).status == 204);
  // Without data and past its grace, the series goes; the receiver still has its reference.
  Result<store::Matcher> any = store::Matcher::make(NX_MATCH_NE, "__name__", "");
  REQUIRE(f.store.delete_series({&*any, 1}, INT64_MIN, INT64_MAX).ok());
  f.host.now_ms += 3'600'000;
  f.host.mono_ns += 3'600'000'000'000;
  while (f.store.maintain(INT64_MAX)) continue;
  REQUIRE(f.read().empty());
  CHECK(f.post(up().sample(2, t + 1).in_request()).status == 204);
  CHECK(f.read().at("__name__=up,job=a,") == Samples{{t + 1, WriteFixture::bits_of(2)}});
}

}  // namespace
}  // namespace narthex::test
