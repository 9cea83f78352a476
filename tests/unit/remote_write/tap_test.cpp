// SPDX-License-Identifier: Apache-2.0
// What the store's transactions leave in the log: what the storage took, and nothing else.
#include "remote_write/log_reader.hpp"
#include "remote_write/queue_tap.hpp"
#include "tests/support/manual_executor.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/write_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace narthex::remote_write {
namespace {

struct TapFixture : test::WriteFixture {
  TapFixture() {
    options.folder = folder.file("log");
    log = std::make_unique<QueueLog>(options);
    if (!log->open().ok()) throw std::runtime_error("no log");
    begin = log->end();
    tap = std::make_shared<QueueTap>(*log, clock, [this] { ++written; });
  }
  void listen() { store.set_tap(tap); }

  // "name=value,..." of each series -> times, of everything in the log.
  std::map<std::string, std::vector<std::int64_t>> logged() {
    std::map<std::string, std::vector<std::int64_t>> out;
    std::map<std::uint32_t, std::string> names;
    LogReader reader(*log, begin);
    for (LogReader::Step step = reader.next(); step.frame != nullptr; step = reader.next()) {
      if (step.new_segment) names.clear();
      for (const Frame::Series& series : step.frame->series) {
        std::string name;
        for (const auto& [key, value] : series.labels) {
          name += std::string(key) + "=" + std::string(value) + ",";
        }
        names[series.id] = name;
      }
      const Frame& f = *step.frame;
      for (std::size_t i = 0; i < f.id.size(); ++i) out[names.at(f.id[i])].push_back(f.t[i]);
      for (const auto& h : f.histograms) out["histogram " + names.at(h.id)].push_back(h.t);
      for (const auto& e : f.exemplars) out["exemplar " + names.at(e.id)].push_back(e.t);
    }
    return out;
  }

  test::TemporaryFolder folder;
  QueueLogOptions options;
  test::ManualClock clock;
  int written = 0;
  std::unique_ptr<QueueLog> log;
  std::shared_ptr<QueueTap> tap;
  Place begin;
};

using Logged = std::map<std::string, std::vector<std::int64_t>>;

test::SeriesMessage up() { return test::SeriesMessage().label("__name__", "up").label("job", "a"); }

TEST_CASE("rows, histograms and exemplars that were stored are logged", "[remote_write]") {
  TapFixture f;
  f.listen();
  const std::int64_t t = f.host.now_ms;
  test::HistogramParts parts;
  parts.count = 1;
  parts.positive_spans = {{0, 1}};
  parts.positive_deltas = {1};
  parts.t = t;
  const std::string histogram =
      test::SeriesMessage().label("__name__", "lat").histogram(parts).in_request();
  CHECK(f.post(up().sample(1, t - 1).sample(2, t).exemplar({{"id", "x"}}, 1, t).in_request() +
               histogram)
            .status == 204);
  CHECK(f.logged() == Logged{{"__name__=up,job=a,", {t - 1, t}},
                             {"exemplar __name__=up,job=a,", {t}},
                             {"histogram __name__=lat,", {t}}});
  CHECK(f.written == 1);
  CHECK(f.tap->counts().samples == 2);
  CHECK(f.tap->counts().highest_t_ms == t);
}

TEST_CASE("what was refused or rolled back is not logged", "[remote_write]") {
  TapFixture f;
  f.listen();
  const std::int64_t t = f.host.now_ms;
  REQUIRE(f.post(up().sample(1, t).in_request()).status == 204);
  CHECK(f.post(up().sample(2, t).in_request()).status == 400);  // the same time, another value
  CHECK(f.post(up().sample(2, t + 3'600'000).sample(3, t + 1).in_request()).status == 400);
  const std::string torn("\x0a\x7f", 2);
  CHECK(f.post(up().sample(4, t + 2).raw(3, torn).in_request()).status == 400);
  CHECK(f.logged() == Logged{{"__name__=up,job=a,", {t, t + 1}}});
}

TEST_CASE("a tap that comes later learns of series that are known already", "[remote_write]") {
  TapFixture f;
  const std::int64_t t = f.host.now_ms;
  REQUIRE(f.post(up().sample(1, t - 2).in_request()).status == 204);
  f.listen();
  CHECK(f.post(up().sample(2, t - 1).in_request()).status == 204);
  CHECK(f.post(up().sample(3, t).in_request()).status == 204);
  CHECK(f.logged() == Logged{{"__name__=up,job=a,", {t - 1, t}}});
  CHECK(f.read().at("__name__=up,job=a,").size() == 3);
  f.store.set_tap(nullptr);
  CHECK(f.post(up().sample(4, t + 1).in_request()).status == 204);
  CHECK(f.logged().at("__name__=up,job=a,").size() == 2);
}

TEST_CASE("series are named again in each segment, and unused ones forgotten", "[remote_write]") {
  TapFixture f;
  f.options.segment_bytes = 1;
  f.log = std::make_unique<QueueLog>(f.options);
  REQUIRE(f.log->open().ok());
  f.begin = f.log->end();
  f.tap = std::make_shared<QueueTap>(*f.log, f.clock, [] {});
  f.listen();
  std::vector<std::int64_t> times;
  for (int i = 0; i < 50; ++i) {
    times.push_back(f.host.now_ms + i);
    REQUIRE(f.post(up().sample(i, times.back()).in_request()).status == 204);
  }
  CHECK(f.log->segment() > f.begin.segment);
  CHECK(f.logged() == Logged{{"__name__=up,job=a,", times}});
  CHECK(f.tap->book().size() == 1);
  for (int i = 0; i < 3; ++i) {  // half an hour passes twice; only one of them is heard of
    f.clock.advance_ns(std::int64_t{31} * 60 * 1'000'000'000);
    const std::int64_t t = f.host.now_ms + 100 + i;
    REQUIRE(
        f.post(test::SeriesMessage().label("__name__", "other").sample(1, t).in_request()).status ==
        204);
  }
  CHECK(f.tap->book().size() == 1);
  REQUIRE(f.post(up().sample(99, f.host.now_ms + 200).in_request()).status == 204);
  CHECK(f.logged().at("__name__=up,job=a,").back() == f.host.now_ms + 200);
}

TEST_CASE("a log that cannot be written fails no write, and counts", "[remote_write]") {
  TapFixture f;
  f.listen();
  const std::int64_t t = f.host.now_ms;
  std::filesystem::remove_all(f.options.folder);
  CHECK(f.post(up().sample(1, t).in_request()).status == 204);
  CHECK(f.tap->counts().unwritten_rows == 1);
  std::filesystem::create_directory(f.options.folder);
  CHECK(f.post(up().sample(2, t + 1).in_request()).status == 204);
  CHECK(f.logged() == Logged{{"__name__=up,job=a,", {t + 1}}});
}

}  // namespace
}  // namespace narthex::remote_write
