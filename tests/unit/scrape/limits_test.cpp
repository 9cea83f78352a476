// SPDX-License-Identifier: Apache-2.0
// Limits of a job, and what does not count against them.
#include "manager_fixture.hpp"

namespace narthex::scrape {
namespace {

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

}  // namespace
}  // namespace narthex::scrape
