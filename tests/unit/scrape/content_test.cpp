// SPDX-License-Identifier: Apache-2.0
// What is asked for, what answers are taken for, and what becomes of them.
#include "manager_fixture.hpp"

namespace narthex::scrape {
namespace {

TEST_CASE("requests say what Prometheus's say", "[manager]") {
  Room room;
  room.body("a 1\n");
  JobOptions options = Room::job();
  options.timeout_ms = 900;
  room.begin(options);
  const net::FetchRequest& request = room.client->requests.at(0);
  CHECK(net::first(request.headers, "Accept") ==
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  CHECK(net::first(request.headers, "X-Prometheus-Scrape-Timeout-Seconds") == "0.9");
  CHECK(request.timeout_ms == 900);
  CHECK(request.accept_gzip);
}

TEST_CASE("nothing of a body that does not parse is stored", "[manager]") {
  Room room;
  room.body("a 1\nb{x=\"y} 2\n");
  room.begin(Room::job());
  CHECK(room.book.series.count(Room::series("a")) == 0);
  CHECK(room.value("up") == 0);
  CHECK(room.target().last_error.substr(0, 8) == "line 3, ");
  room.body("a 1\nb{x=y} 2\n");
  room.next();
  CHECK(room.target().last_error.substr(0, 18) == "line 2, column 5: ");
  CHECK(room.book.series.count(Room::series("a")) == 0);
}

TEST_CASE("content types choose the parser and unknown ones fail", "[manager]") {
  Room room;
  room.body("a 1\n# EOF\n");
  room.client->answers[kUrl].type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  room.begin(Room::job());
  CHECK(room.value("a") == 1);
  room.client->answers[kUrl].type = "";
  room.next();
  CHECK(room.target().last_error ==
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol "
        "specified for target");
  room.client->answers[kUrl].type = "text/html";
  room.next();
  CHECK(room.target().last_error ==
        "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified "
        "for target");
  JobOptions options = Room::job();
  options.fallback_scrape_protocol = "PrometheusText0.0.4";
  options.fingerprint = "2";
  room.apply(options);
  room.next();
  CHECK(room.value("up") == 1);
}

TEST_CASE("content types are read as strictly as Prometheus reads them", "[manager]") {
  const std::string rest = " and no fallback_scrape_protocol for target\nmime: ";
  const std::pair<const char*, std::string> cases[] = {
      {"TEXT/PLAIN; version=0.0.4", ""},
      {"text/plain;", ""},
      {"text/plain; version=9.9.9; charset=\"utf-8\"", ""},
      {"text/plain;version=0.0.4; a",
       "text/plain;version=0.0.4; a\"" + rest + "invalid media parameter"},
      {"text/plain;;", "text/plain;;\"" + rest + "invalid media parameter"},
      {"text/plain; a=b; A=c", "text/plain; a=b; A=c\"" + rest + "duplicate parameter name"},
      {"text/", "text/\"" + rest + "expected token after slash"},
      {"/", "/\"" + rest + "no media type"},
      {"; q=1", "; q=1\"" + rest + "no media type"},
      {"text/plain/x", "text/plain/x\"" + rest + "unexpected content after media subtype"},
      {"text /plain", "text /plain\"" + rest + "expected slash after first token"}};
  Room room;
  room.body("a 1\n");
  room.begin(Room::job());
  for (const auto& [type, error] : cases) {
    room.client->answers[kUrl].type = type;
    room.next();
    CHECK(room.target().last_error ==
          (error.empty() ? "" : "cannot parse Content-Type \"" + error));
  }
}

TEST_CASE("protobuf is asked for where it is wanted", "[manager]") {
  Room room;
  room.body("a 1\n");
  JobOptions options = Room::job();
  options.scrape_protocols = {"PrometheusProto", "PrometheusText1.0.0"};
  options.metric_name_escaping_scheme = "dots";
  room.begin(options);
  CHECK(net::first(room.client->requests.at(0).headers, "Accept") ==
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
        "encoding=delimited;q=0.6,text/plain;version=1.0.0;escaping=dots;q=0.5,*/*;q=0.4");
}

constexpr const char* kProtobuf =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

std::string native_body() {
  return test::family("h", test::kHistogram,
                      {test::Message().part(7, test::native_buckets().varint(1, 9).number(2, 1))});
}

TEST_CASE("native histograms are stored, or their classic series", "[manager]") {
  Room room;
  room.body(native_body());
  room.client->answers[kUrl].type = kProtobuf;
  JobOptions options = Room::job();
  options.scrape_native_histograms = true;
  room.begin(options);
  INFO(room.target().last_error);
  REQUIRE(room.book.last(Room::series("h")) != nullptr);
  REQUIRE(room.book.last(Room::series("h"))->histogram);
  CHECK(room.book.last(Room::series("h"))->histogram->pos_bucket_count == 3);
  CHECK(room.value("scrape_samples_scraped") == 1);
  options.scrape_native_histograms = false;
  options.fingerprint = "2";
  room.apply(options);
  room.next();
  CHECK(room.value("h_count") == 9);
  CHECK(room.book.value("h_bucket{instance=\"h:1\",job=\"j\",le=\"+Inf\"}") == 9);
}

TEST_CASE("histograms with too many buckets are made coarser", "[manager]") {
  Room room;
  room.body(native_body());
  room.client->answers[kUrl].type = kProtobuf;
  JobOptions options = Room::job();
  options.scrape_native_histograms = true;
  options.limits.native_histogram_bucket_limit = 3;
  room.begin(options);
  REQUIRE(room.book.last(Room::series("h")) != nullptr);
  const nx_histogram coarser = *room.book.last(Room::series("h"))->histogram;
  CHECK(coarser.schema == 1);
  CHECK(coarser.pos_bucket_count + coarser.neg_bucket_count == 3);
  options.limits.native_histogram_bucket_limit = 0;
  options.limits.native_histogram_min_bucket_factor = 4;
  options.fingerprint = "2";
  room.apply(options);
  room.next();
  CHECK(room.book.last(Room::series("h"))->histogram->schema == -1);
  options.limits.native_histogram_bucket_limit = 1;
  options.fingerprint = "3";
  room.apply(options);
  room.next();
  CHECK(room.target().last_error == "histogram bucket limit exceeded");
  CHECK(room.value("up") == 0);
}

TEST_CASE("a start time puts a zero before the first sample", "[manager]") {
  Room room;
  const std::int64_t start_s = room.executor.clock().now_ms() / 1000 + 1;
  const auto counter = [&](std::int64_t start) {
    return test::family("c", test::kCounter,
                        {test::Message().part(3, test::Message().number(1, 5).time(
                                                     3, static_cast<std::uint64_t>(start)))}) +
           test::family("h", test::kHistogram,
                        {test::Message().part(7, test::native_buckets().varint(1, 9).time(
                                                     15, static_cast<std::uint64_t>(start)))});
  };
  room.body(counter(start_s));
  room.client->answers[kUrl].type = kProtobuf;
  JobOptions options = Room::job();
  options.scrape_native_histograms = true;
  options.start_zeros = true;
  room.begin(options);
  INFO(room.target().last_error);
  room.next();
  const auto& samples = room.book.series.at(Room::series("c"));
  REQUIRE(samples.size() == 3);
  CHECK(samples[0].t == start_s * 1000);
  CHECK(samples[0].v == 0);
  CHECK(samples[1].v == 5);
  const auto& histograms = room.book.series.at(Room::series("h"));
  REQUIRE(histograms.size() == 3);
  CHECK(histograms[0].histogram->count.u == 0);
  CHECK(histograms[0].histogram->schema == 3);
  CHECK(histograms[0].histogram->pos_bucket_count == 0);
  // Nothing of it is counted as scraped, and a restart makes the next zero.
  CHECK(room.value("scrape_samples_scraped") == 2);
  room.body(counter(samples[2].t / 1000 + 1));
  room.next();
  CHECK(room.book.count(Room::series("c")) == 5);
}

}  // namespace
}  // namespace narthex::scrape
