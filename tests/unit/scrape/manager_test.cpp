// SPDX-License-Identifier: Apache-2.0
// Scrapes from their begin to what is stored; reloads, targets and exporters that come and go.
#include "manager_fixture.hpp"

namespace narthex::scrape {
namespace {

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

TEST_CASE("an empty body is a good scrape of nothing", "[manager]") {
  Room room;
  room.body("");
  room.client->answers[kUrl].type = "";
  room.begin(Room::job());
  CHECK(room.value("up") == 1);
  CHECK(room.value("scrape_samples_scraped") == 0);
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
