// SPDX-License-Identifier: Apache-2.0
// The whole room on a hand-moved clock: a client that answers from a map, real parsers, a storage
// that writes into a map.
#include "scrape/manager.hpp"

#include "bus/bus.hpp"
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"
#include "plugins/protocol/prometheus_text/text_parser.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"
#include "tests/support/manual_executor.hpp"
#include "tests/support/metric_family.hpp"
#include "tests/support/plain_instance.hpp"
#include "tests/support/sample_book.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/discovery.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace narthex::scrape {
namespace {

// Answers at once, or never while `silent`.
class MapClient final : public net::Client {
 public:
  struct Answer {
    int status = 200;
    std::string type = "text/plain; version=0.0.4";
    std::string body;
    Status failure;
  };
  class Handle final : public net::Fetch {
   public:
    explicit Handle(net::FetchDone d) : done(std::move(d)) {}
    void cancel() override { cancelled = true; }
    net::FetchDone done;
    bool cancelled = false;
  };

  std::shared_ptr<net::Fetch> fetch(net::FetchRequest request, net::FetchDone done) override {
    requests.push_back(request);
    auto handle = std::make_shared<Handle>(std::move(done));
    open.push_back(handle);
    if (!silent) answer(handle, request.url);
    return handle;
  }
  void answer(const std::shared_ptr<Handle>& handle, const std::string& url) {
    const Answer& a = answers[url];
    const net::FetchDone done = std::exchange(handle->done, nullptr);
    if (!a.failure.ok()) return done(a.failure);
    net::FetchResponse response;
    response.status = a.status;
    if (!a.type.empty()) response.headers = {{"content-type", a.type}};
    response.body = make_buffer(a.body);
    done(std::move(response));
  }

  std::map<std::string, Answer> answers;
  std::vector<net::FetchRequest> requests;
  std::vector<std::shared_ptr<Handle>> open;
  bool silent = false;
};

const std::string kUrl = "http://h:1/metrics";

struct Room {
  explicit Room(std::uint64_t more_capabilities = 0) {
    book.capabilities |= more_capabilities;
    store.emplace(book.instance());
    manager.emplace(services());
  }
  // What was never answered still holds the loop that asked, and that the client.
  ~Room() { client->open.clear(); }

  ManagerServices services() {
    return {
        executor,
        registry,
        bus,
        *store,
        {std::make_shared<test::PlainInstance>(
             "text", *sdk::Parser<prometheus_text::TextParser>::component(), nullptr),
         std::make_shared<test::PlainInstance>(
             "om", *sdk::Parser<openmetrics::OpenMetricsParser>::component(), nullptr),
         std::make_shared<test::PlainInstance>(
             "proto", *sdk::Parser<prometheus_protobuf::ProtobufParser>::component(), nullptr)},
        [this](const net::ClientOptions&) { return Result<std::shared_ptr<net::Client>>(client); },
        [this](const ExporterOptions&, std::string name) { return exporter(std::move(name)); },
        "host"};
  }
  Result<std::shared_ptr<host::Instance>> exporter(std::string name) {
    if (exporter_table == nullptr) return not_found("no exporter");
    made = std::make_shared<test::PlainInstance>(std::move(name), NX_EXPORTER_ID, exporter_table,
                                                 this);
    made->keeps_time = exporter_keeps_time;
    return std::shared_ptr<host::Instance>(made);
  }

  // A job "j" that scrapes h:1 every 10 s.
  static JobOptions job() {
    JobOptions options;
    options.job_name = "j";
    options.interval_ms = 10'000;
    options.timeout_ms = 5'000;
    options.fingerprint = "1";
    return options;
  }
  void apply(const JobOptions& options) {
    ScrapeOptions all;
    all.jobs = {options};
    REQUIRE(manager->apply(all).ok());
  }
  void targets(const std::vector<std::string>& addresses) {
    auto group = std::make_shared<sdk::TargetGroup>();
    for (const std::string& address : addresses) {
      group->targets.push_back(Labels{{"__address__", address}});
    }
    const discovery::GroupChange change{"static/0", std::move(group)};
    manager->on_groups("j", std::span(&change, 1));
  }
  // Starts the job with one target and runs until its first scrape is done.
  void begin(const JobOptions& options) {
    apply(options);
    targets({"h:1"});
    executor.advance_ms(10'000);
  }
  void body(std::string text) { client->answers[kUrl].body = std::move(text); }
  void next() { executor.advance_ms(10'000); }
  TargetView target() const { return manager->pools().at(0).active.at(0); }
  double value(const std::string& name, std::string labels = "") const {
    return book.value(series(name, std::move(labels)));
  }
  static std::string series(const std::string& name, std::string labels = "") {
    if (!labels.empty()) labels += ",";
    return name + "{" + labels + "instance=\"h:1\",job=\"j\"}";
  }

  test::ManualExecutor executor;
  telemetry::Registry registry;
  bus::Bus bus{executor, registry};
  test::SampleBook book;
  std::optional<store::Store> store;
  std::shared_ptr<MapClient> client = std::make_shared<MapClient>();
  const nx_exporter* exporter_table = nullptr;
  bool exporter_keeps_time = false;
  std::shared_ptr<test::PlainInstance> made;  // the last exporter
  std::optional<Manager> manager;
};

TEST_CASE("a scrape stores its samples and its report", "[manager]") {
  Room room;
  room.body("# TYPE a gauge\n# HELP a An a.\na 1\nb{x=\"y\"} 2.5\n");
  room.begin(Room::job());
  CHECK(room.value("a") == 1);
  CHECK(room.value("b", "") == -999);
  CHECK(room.book.value("b{instance=\"h:1\",job=\"j\",x=\"y\"}") == 2.5);
  CHECK(room.value("up") == 1);
  CHECK(room.value("scrape_samples_scraped") == 2);
  CHECK(room.value("scrape_samples_post_metric_relabeling") == 2);
  CHECK(room.value("scrape_series_added") == 2);
  CHECK(room.value("scrape_duration_seconds") == 0);
  CHECK(room.book.series.size() == 7);
  CHECK(room.book.last(Room::series("a"))->t == room.book.last(Room::series("up"))->t);
  CHECK(room.book.families == std::vector<std::string>{"a"});
  room.next();
  CHECK(room.value("scrape_series_added") == 0);
  CHECK(room.book.count(Room::series("a")) == 2);
  CHECK(room.book.series.at(Room::series("a"))[1].t - room.book.series.at(Room::series("a"))[0].t ==
        10'000);
  CHECK(room.book.resolved == 7);
  CHECK(room.book.families.size() == 1);
  const TargetView view = room.target();
  CHECK(view.health == Health::kUp);
  CHECK(view.last_error.empty());
  CHECK(view.scrape_url == kUrl);
  const auto metadata = room.manager->metadata();
  REQUIRE(metadata.size() == 1);
  CHECK(metadata[0].metrics.at(0).help == "An a.");
  CHECK(metadata[0].metrics.at(0).type == "gauge");
}

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

TEST_CASE("a series that vanishes gets a marker, once", "[manager]") {
  Room room;
  room.body("a 1\nb 2\n");
  room.begin(Room::job());
  room.body("a 1\n");
  room.next();
  CHECK(room.book.last(Room::series("b"))->stale());
  room.next();
  CHECK(room.book.count(Room::series("b")) == 2);
  CHECK(room.book.count(Room::series("a")) == 3);
}

TEST_CASE("a failed scrape is up 0 with its reason and makes everything stale", "[manager]") {
  Room room;
  room.body("a 1\n");
  room.begin(Room::job());
  room.client->answers[kUrl].failure =
      unavailable("Get \"http://h:1/metrics\": connection refused");
  room.next();
  CHECK(room.value("up") == 0);
  CHECK(room.value("scrape_samples_scraped") == 0);
  CHECK(room.book.last(Room::series("a"))->stale());
  CHECK(room.target().health == Health::kDown);
  CHECK(room.target().last_error == "Get \"http://h:1/metrics\": connection refused");
  room.client->answers[kUrl].failure = Status();
  room.client->answers[kUrl].status = 404;
  room.next();
  CHECK(room.target().last_error == "server returned HTTP status 404 Not Found");
  CHECK(room.book.count(Room::series("a")) == 2);
  room.client->answers[kUrl].status = 200;
  room.next();
  CHECK(room.value("a") == 1);
  CHECK(room.value("up") == 1);
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

TEST_CASE("an empty body is a good scrape of nothing", "[manager]") {
  Room room;
  room.body("");
  room.client->answers[kUrl].type = "";
  room.begin(Room::job());
  CHECK(room.value("up") == 1);
  CHECK(room.value("scrape_samples_scraped") == 0);
}

TEST_CASE("over the sample limit nothing is stored and all is counted", "[manager]") {
  Room room;
  JobOptions options = Room::job();
  options.limits.sample_limit = 2;
  room.body("a 1\nb 2\nc 3\n");
  room.begin(options);
  CHECK(room.target().last_error == "sample limit exceeded");
  CHECK(room.value("up") == 0);
  CHECK(room.value("scrape_samples_scraped") == 3);
  CHECK(room.value("scrape_samples_post_metric_relabeling") == 3);
  CHECK(room.book.series.size() == 5);
  CHECK(room.book.resolved == 5);
  room.body("a 1\nb 2\n");
  room.next();
  CHECK(room.value("up") == 1);
  CHECK(room.value("b") == 2);
  room.body("a 1\nb 2\nc 3\n");
  room.next();
  CHECK(room.book.last(Room::series("b"))->stale());
  CHECK(room.value("c") == -999);
}

TEST_CASE("metric relabeling drops before the sample limit counts", "[manager]") {
  Room room;
  JobOptions options = Room::job();
  options.limits.sample_limit = 2;
  relabel::RuleOptions drop;
  drop.source_labels = {"__name__"};
  drop.regex = "b";
  drop.has_regex = true;
  drop.action = "drop";
  options.metric_relabel_configs = {drop};
  room.body("a 1\nb 2\nc 3\n");
  room.begin(options);
  CHECK(room.value("up") == 1);
  CHECK(room.value("scrape_samples_post_metric_relabeling") == 2);
  room.next();
  CHECK(room.value("scrape_samples_scraped") == 3);
  CHECK(room.value("scrape_samples_post_metric_relabeling") == 2);
  CHECK(room.value("c") == 3);
  CHECK(room.value("b") == -999);
}

TEST_CASE("the first of two equal series wins", "[manager]") {
  Room room;
  room.body("a 1\na 2\nb 3\n");
  room.begin(Room::job());
  room.next();
  CHECK(room.value("a") == 1);
  CHECK(room.book.count(Room::series("a")) == 2);
  CHECK(room.value("scrape_samples_scraped") == 3);
  CHECK(room.registry.counter("prometheus_target_scrapes_sample_duplicate_timestamp_total", "")
            .value() == 2);
}

TEST_CASE("times of the body are honored and get no markers", "[manager]") {
  Room room;
  room.body("a 1 1700000000123\nb 2\nfar 3 9999999999999\n");
  room.begin(Room::job());
  CHECK(room.book.last(Room::series("a"))->t == 1'700'000'000'123);
  CHECK(room.value("far") == -999);
  CHECK(room.value("up") == 1);
  room.body("b 2\n");
  room.next();
  CHECK_FALSE(room.book.last(Room::series("a"))->stale());
  JobOptions options = Room::job();
  options.honor_timestamps = false;
  options.fingerprint = "2";
  room.apply(options);
  room.body("a 1 1700000000123\n");
  room.next();
  CHECK(room.book.last(Room::series("a"))->t > 1'700'000'000'123);
  room.body("");
  room.next();
  CHECK(room.book.last(Room::series("a"))->stale());
}

TEST_CASE("a target that leaves is marked after two intervals", "[manager]") {
  Room room;
  room.body("a 1\n");
  room.begin(Room::job());
  const std::int64_t last_ms = room.book.last(Room::series("a"))->t;
  room.targets({});
  CHECK(room.manager->pools().at(0).active.empty());
  room.executor.advance_ms(10'500);
  CHECK_FALSE(room.book.last(Room::series("a"))->stale());
  room.executor.advance_ms(12'000);
  REQUIRE(room.book.last(Room::series("a"))->stale());
  CHECK(room.book.last(Room::series("a"))->t == last_ms + 10'000);
  CHECK(room.book.last(Room::series("up"))->stale());
  CHECK(room.client->requests.size() == 1);
}

TEST_CASE("a target that is back in time is not marked", "[manager]") {
  Room room;
  room.body("a 1\n");
  room.begin(Room::job());
  room.targets({});
  room.executor.advance_ms(3'000);
  room.targets({"h:1"});
  room.executor.advance_ms(60'000);
  for (const auto& sample : room.book.series.at(Room::series("a"))) CHECK_FALSE(sample.stale());
}

TEST_CASE("a reload that changes nothing touches nothing", "[manager]") {
  Room room;
  room.body("a 1\n");
  room.begin(Room::job());
  room.executor.advance_ms(3'000);
  room.apply(Room::job());
  room.executor.advance_ms(7'000);
  CHECK(room.client->requests.size() == 2);
  CHECK(room.book.resolved == 6);
}

TEST_CASE("a reload with other metric relabeling takes effect in place", "[manager]") {
  Room room;
  room.body("a 1\nb 2\n");
  room.begin(Room::job());
  JobOptions options = Room::job();
  relabel::RuleOptions drop;
  drop.source_labels = {"__name__"};
  drop.regex = "b";
  drop.has_regex = true;
  drop.action = "drop";
  options.metric_relabel_configs = {drop};
  options.fingerprint = "2";
  room.apply(options);
  room.next();
  CHECK(room.book.last(Room::series("b"))->stale());
  CHECK(room.book.count(Room::series("a")) == 2);
}

TEST_CASE("a job that is gone is marked, a stop is not", "[manager]") {
  Room room;
  room.body("a 1\n");
  room.begin(Room::job());
  REQUIRE(room.manager->apply(ScrapeOptions()).ok());
  CHECK(room.manager->pools().empty());
  room.executor.advance_ms(40'000);
  CHECK(room.book.last(Room::series("a"))->stale());

  Room other;
  other.body("a 1\n");
  other.begin(Room::job());
  other.manager->stop(other.executor.clock().mono_ns() + 1'000'000'000);
  other.executor.advance_ms(60'000);
  CHECK(other.book.count(Room::series("a")) == 1);
}

TEST_CASE("a scrape under way when the agent stops is cancelled", "[manager]") {
  Room room;
  room.client->silent = true;
  room.apply(Room::job());
  room.targets({"h:1"});
  room.executor.advance_ms(10'000);
  REQUIRE(room.client->open.size() == 1);
  room.manager->stop(room.executor.clock().mono_ns());
  CHECK(room.client->open[0]->cancelled);
  room.client->open[0]->done(Status(NX_ERR_CANCELLED, "context canceled"));
  room.executor.run_ready();
  CHECK(room.book.series.empty());
}

TEST_CASE("over the target limit every scrape fails", "[manager]") {
  Room room;
  JobOptions options = Room::job();
  options.limits.target_limit = 1;
  room.apply(options);
  room.targets({"h:1", "h:2"});
  room.executor.advance_ms(10'000);
  CHECK(room.value("up") == 0);
  CHECK(room.client->requests.empty());
  CHECK(room.target().last_error == "target_limit exceeded (number of targets: 2, limit: 1)");
}

TEST_CASE("a body over its size limit is told by the report", "[manager]") {
  Room room;
  ScrapeOptions all;
  all.extra_scrape_metrics = true;
  all.jobs = {Room::job()};
  all.jobs[0].limits.sample_limit = 100;
  REQUIRE(room.manager->apply(all).ok());
  room.targets({"h:1"});
  room.body("a 1\n");
  room.executor.advance_ms(10'000);
  CHECK(room.value("scrape_body_size_bytes") == 4);
  CHECK(room.value("scrape_sample_limit") == 100);
  CHECK(room.value("scrape_timeout_seconds") == 5);
  room.client->answers[kUrl].failure = Status(NX_ERR_EXHAUSTED, "too much");
  room.next();
  CHECK(room.target().last_error == "body size limit exceeded");
  CHECK(room.value("scrape_body_size_bytes") == -1);
}

TEST_CASE("scrapes go by layout, which is made again when the series change", "[manager]") {
  Room room(NX_STORAGE_COHORTS);
  room.body("a 1\nb 2\n");
  room.begin(Room::job());
  room.next();
  const auto first = room.book.by_layout;
  CHECK(first > 0);
  room.body("a 3\nb 4\n");
  room.next();
  CHECK(room.book.by_layout == first + 1);
  CHECK(room.value("b") == 4);
  CHECK(room.value("up") == 1);
  room.body("a 5\n");
  room.next();
  CHECK(room.book.by_layout == first + 2);
  CHECK(room.book.last(Room::series("b"))->stale());
  CHECK(room.value("a") == 5);
}

TEST_CASE("series that the storage forgot are resolved again in the same scrape", "[manager]") {
  Room room(NX_STORAGE_COHORTS);
  room.body("a 1\nb 2\n");
  room.begin(Room::job());
  room.next();
  room.next();
  room.book.forget();
  room.next();
  CHECK(room.book.count(Room::series("a")) == 4);
  CHECK(room.book.count(Room::series("up")) == 4);
  room.next();
  CHECK(room.book.count(Room::series("a")) == 5);
}

TEST_CASE("a storage that refuses does not stop scraping", "[manager]") {
  Room room;
  room.body("a 1\n");
  room.book.fail_begin = NX_ERR_EXHAUSTED;
  room.begin(Room::job());
  CHECK(room.target().health == Health::kUp);
  CHECK(room.target().last_error == "cannot begin");
  room.book.fail_begin = NX_OK;
  room.book.fail_commit = NX_ERR_IO;
  room.next();
  CHECK(room.target().last_error == "disk full");
  room.book.fail_commit = NX_OK;
  room.next();
  CHECK(room.value("a") == 1);
  CHECK(room.target().last_error.empty());
}

TEST_CASE("exemplars reach the storage", "[manager]") {
  Room room;
  room.client->answers[kUrl].type = "application/openmetrics-text";
  room.body("# TYPE a counter\na_total 1 # {id=\"x\"} 2\n# EOF\n");
  room.begin(Room::job());
  room.next();
  CHECK(room.book.exemplars == 2);
}

TEST_CASE("an exporter is scraped like a target", "[manager]") {
  Room room;
  static int round = 0;
  round = 0;
  nx_exporter table{};
  table.struct_size = sizeof table;
  table.default_interval_ms = 5'000;
  table.collect = [](void*, const nx_collection* c, nx_error* err) -> nx_status {
    const std::uint32_t family =
        c->family(c, NX_TYPE_GAUGE, NX_STR("temp"), NX_STR(""), NX_STR("Degrees."));
    const nx_label labels[] = {{NX_STR("zone"), NX_STR("a")}, {NX_STR("chip"), NX_STR("b")}};
    c->sample(c, family, labels, 2, 20 + round, 0);
    if (round < 2) c->sample(c, family, nullptr, 0, 5, 0);
    ++round;
    return round == 4 ? sdk::fail(err, NX_ERR_IO, "sensor is gone") : NX_OK;
  };
  room.exporter_table = &table;
  ScrapeOptions options;
  ExporterOptions exporter;
  exporter.plugin = "node";
  exporter.labels = {{"env", "dev"}};
  options.exporters = {exporter};
  REQUIRE(room.manager->apply(options).ok());
  room.executor.advance_ms(5'000);
  const std::string rest = "env=\"dev\",instance=\"host\",job=\"node\"";
  const std::string warm = "temp{chip=\"b\"," + rest + ",zone=\"a\"}";
  CHECK(room.book.value(warm) == 20);
  CHECK(room.book.value("up{" + rest + "}") == 1);
  CHECK(room.book.value("scrape_samples_scraped{" + rest + "}") == 2);
  room.executor.advance_ms(5'000);
  CHECK(room.book.value(warm) == 21);
  room.executor.advance_ms(5'000);
  CHECK(room.book.last("temp{" + rest + "}")->stale());
  room.executor.advance_ms(5'000);
  CHECK(room.book.value("up{" + rest + "}") == 0);
  CHECK(room.book.last(warm)->stale());
  const TargetView view = room.manager->pools().at(0).active.at(0);
  CHECK(view.last_error == "sensor is gone");
  CHECK(view.scrape_pool == "node");
  CHECK(room.manager->metadata().at(0).metrics.at(0).help == "Degrees.");
}

TEST_CASE("an exporter that keeps the time is stored when it has begun, without a timer",
          "[manager]") {
  Room room;
  nx_exporter table{};
  table.struct_size = sizeof table;
  table.default_interval_ms = 5'000;
  table.collect = [](void*, const nx_collection* c, nx_error*) -> nx_status {
    const std::uint32_t family = c->family(c, NX_TYPE_GAUGE, NX_STR("temp"), {}, {});
    return c->sample(c, family, nullptr, 0, 20, 0);
  };
  room.exporter_table = &table;
  room.exporter_keeps_time = true;
  ScrapeOptions options;
  options.exporters.emplace_back().plugin = "node";
  REQUIRE(room.manager->apply(options).ok());
  const std::string temp = "temp{instance=\"host\",job=\"node\"}";
  test::PlainInstance::Ahead& ahead = room.made->ahead;
  const std::int64_t first_ns = ahead.at_ns;
  CHECK(first_ns <= room.executor.clock().mono_ns() + 5'000'000'000);
  CHECK(ahead.next_ns == first_ns + 5'000'000'000);
  room.executor.advance_ms(60'000);
  CHECK(room.book.count(temp) == 0);
  // It has begun 2 s ago: that is the time of its samples, and the next one is put for later.
  const auto begin = [&](std::int64_t begun_ns) { std::exchange(ahead.begun, nullptr)(begun_ns); };
  begin(room.executor.clock().mono_ns() - 2'000'000'000);
  REQUIRE(room.book.last(temp) != nullptr);
  CHECK(room.book.last(temp)->t == room.executor.clock().now_ms() - 2'000);
  REQUIRE(ahead.begun);
  CHECK((ahead.at_ns - first_ns) % 5'000'000'000 == 0);
  CHECK(ahead.at_ns > first_ns);
  // It cannot after all: the loop's own timer does it, once, and the next one is put for later.
  begin(0);
  REQUIRE(!ahead.begun);
  room.executor.advance_ms(5'000);
  CHECK(room.book.count(temp) == 2);
  REQUIRE(ahead.begun);
  // The exporter is gone: what is begun now is nobody's.
  REQUIRE(room.manager->apply(ScrapeOptions()).ok());
  begin(ahead.at_ns);
  CHECK(room.book.count(temp) == 2);
}

TEST_CASE("a thousand targets keep their grid", "[manager]") {
  Room room;
  room.apply(Room::job());
  std::vector<std::string> addresses;
  for (int i = 0; i < 1000; ++i) {
    addresses.push_back("h" + std::to_string(i) + ":1");
    room.client->answers["http://" + addresses.back() + "/metrics"].body = "a 1\n";
  }
  room.targets(addresses);
  room.executor.advance_ms(60'000);
  CHECK(room.client->requests.size() == 6000);
  const auto& samples = room.book.series.at("a{instance=\"h7:1\",job=\"j\"}");
  REQUIRE(samples.size() == 6);
  for (std::size_t i = 1; i < samples.size(); ++i) CHECK(samples[i].t - samples[i - 1].t == 10'000);
}

}  // namespace
}  // namespace narthex::scrape
