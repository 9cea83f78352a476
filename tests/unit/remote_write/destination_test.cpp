// SPDX-License-Identifier: Apache-2.0
// A destination: what it sends, what it does with answers, and what a kill costs.
#include "tests/support/write_fixture.hpp"
#include "tests/unit/remote_write/destination_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace narthex::remote_write {
namespace {

// ValueBag of all samples of a request of 1.0, as a receiver of ours reads them.
std::multiset<double> values_in(const std::string& body) {
  ingest::remote_write::WriteRequest request;
  (void)request.parse(body);
  return {request.columns.v.begin(), request.columns.v.end()};
}
using ValueBag = std::multiset<double>;

DestinationOptions small_batches(std::uint64_t rows, std::uint64_t shards = 1) {
  DestinationOptions options;
  options.queue.max_samples_per_send = rows;
  options.queue.min_shards = shards;
  return options;
}

TEST_CASE("a full batch goes at once, a small one after its deadline", "[remote_write]") {
  DestinationFixture f(small_batches(3));
  f.put({{1, 1}, {1, 2}});
  CHECK(f.waiting() == 0);
  f.put({{1, 3}, {1, 4}});
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{1, 2, 3});
  const net::FetchRequest& request = f.client->pending.front().request;
  CHECK(request.url == "http://receiver/write");
  CHECK(request.method == "POST");
  CHECK(net::first(request.headers, "Content-Type") == "application/x-protobuf");
  CHECK(net::first(request.headers, "X-Prometheus-Remote-Write-Version") == "0.1.0");
  f.answer(204);
  CHECK(f.waiting() == 0);
  f.wait_for_deadline();
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{4});
}

TEST_CASE("a receiver that is down gets the same request until it takes it", "[remote_write]") {
  DestinationFixture f(small_batches(1));
  f.put({{1, 1}});
  const std::string first = f.body();
  std::int64_t wait_ms = f.destination_options.queue.min_backoff_ms;
  for (int i = 0; i < 12; ++i) {
    if (i % 2 == 0) {
      f.answer(503);
    } else {
      f.answer_with(Status{NX_ERR_UNAVAILABLE, "connection refused"});
    }
    f.executor.advance_ms(wait_ms - 1);
    CHECK(f.waiting() == 0);
    f.executor.advance_ms(1);
    f.executor.run_ready();
    REQUIRE(f.waiting() == 1);
    CHECK(f.body() == first);
    wait_ms = std::min(2 * wait_ms, f.destination_options.queue.max_backoff_ms);
  }
  f.answer(503, {{"retry-after", "60"}});
  f.executor.advance_ms(59'999);
  CHECK(f.waiting() == 0);
  f.executor.advance_ms(1);
  f.executor.run_ready();
  REQUIRE(f.waiting() == 1);
  f.answer(200);
  f.put({{1, 2}});
  CHECK(values_in(f.body()) == ValueBag{2});
}

TEST_CASE("a refused request is over", "[remote_write]") {
  DestinationFixture f(small_batches(1));
  f.put({{1, 1}, {1, 2}});
  f.answer(400);
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{2});
}

TEST_CASE("after a kill nothing is missing and nothing acknowledged comes again",
          "[remote_write]") {
  DestinationFixture f(small_batches(2, 4));
  ValueBag sent, got;
  double next = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<std::pair<int, double>> rows;
    for (int series = 0; series < 7; ++series) {
      rows.emplace_back(series, ++next);
      sent.insert(next);
    }
    f.put(rows);
    for (int i = round % 3; i > 0 && f.waiting() != 0; --i) {
      got.merge(values_in(f.body()));
      f.answer(204);
    }
    if (round % 5 == 4) f.restart();
  }
  while (true) {
    while (f.waiting() != 0) {
      got.merge(values_in(f.body()));
      f.answer(204);
    }
    f.wait_for_deadline();
    if (f.waiting() == 0) break;
  }
  CHECK(got == sent);
}

TEST_CASE("the request under way at a kill is made again as it was", "[remote_write]") {
  DestinationFixture f(small_batches(3));
  f.put({{1, 1}, {2, 2}, {3, 3}, {1, 4}});
  REQUIRE(f.waiting() == 1);
  const std::string before = f.body();
  f.put({{2, 5}, {3, 6}});
  for (int i = 0; i < 3; ++i) {
    f.restart();
    REQUIRE(f.waiting() == 1);
    CHECK(f.body() == before);
  }
  f.answer(204);
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{4, 5, 6});
}

TEST_CASE("a new destination begins with the rows to come", "[remote_write]") {
  DestinationFixture f(small_batches(1));
  f.kill();
  std::filesystem::remove(f.folder.file("d.place"));
  REQUIRE(f.write({1}).ok());
  f.start();
  CHECK(f.waiting() == 0);
  f.put({{1, 2}});
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{2});
}

TEST_CASE("relabeling and external labels shape what is sent", "[remote_write]") {
  DestinationOptions options = small_batches(1);
  relabel::RuleOptions drop;
  drop.source_labels = {"s"};
  drop.regex = "1";
  drop.action = "drop";
  options.write_relabel_configs = {drop};
  DestinationFixture f(options);
  f.kill();
  f.external = Labels{{"site", "oslo"}, {"s", "not me"}};
  f.start();
  f.put({{1, 1}, {2, 2}});
  REQUIRE(f.waiting() == 1);
  test::WriteFixture receiver;
  CHECK(receiver.post(f.body()).status != 500);
  const std::string body = f.body();
  CHECK(values_in(body) == ValueBag{2});
  ingest::remote_write::WriteRequest request;
  REQUIRE(request.parse(body).ok());
  ingest::remote_write::LabelSet labels;
  (void)request.read_labels(0, 64, labels);
  CHECK(labels.text() == R"({__name__="up", s="2", site="oslo"})");
}

TEST_CASE("rows that grew too old are left out, again before each attempt", "[remote_write]") {
  DestinationOptions options = small_batches(2);
  options.queue.sample_age_limit_ms = 60'000;
  DestinationFixture f(options);
  f.put({{1, 1}});
  f.executor.manual_clock().set_now_ms(f.executor.clock().now_ms() + 50'000);
  f.put({{1, 2}});
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{1, 2});
  f.executor.manual_clock().set_now_ms(f.executor.clock().now_ms() + 20'000);
  f.answer(500);
  f.executor.advance_ms(30);
  f.executor.run_ready();
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{2});
}

TEST_CASE("what the log dropped for its bound is counted, all the rest is sent", "[remote_write]") {
  DestinationOptions options = small_batches(10);
  options.queue.capacity = 20;
  QueueLogOptions small;
  small.max_bytes = 8 << 10;
  small.segment_bytes = 1 << 10;
  DestinationFixture f(options, small);
  constexpr int kRows = 800;
  for (int i = 0; i < kRows; ++i) {  // the receiver does not answer
    if (f.log->is_full()) f.log->begin_segment();
    f.put({{1, i}});
  }
  ValueBag sent;
  const auto take_all = [&] {
    while (f.waiting() != 0) {
      sent.merge(values_in(f.body()));
      f.answer(204);
    }
  };
  take_all();
  f.wait_for_deadline();
  take_all();
  const double dropped = f.registry
                             .counter("prometheus_remote_storage_samples_dropped_total", "",
                                      Labels{{"reason", "gone_from_log"},
                                             {"remote_name", "test"},
                                             {"url", "http://receiver/write"}})
                             .value();
  CHECK(dropped > 0);
  CHECK(static_cast<double>(sent.size()) + dropped == kRows);
  CHECK(sent.contains(0));  // had been read before
  CHECK(sent.contains(kRows - 1));
}

TEST_CASE("metadata goes by itself in 1.0 and with its series in 2.0", "[remote_write]") {
  DestinationOptions options = small_batches(1);
  DestinationFixture f(options);
  f.families["up"] = {NX_TYPE_GAUGE, "Whether.", ""};
  f.executor.advance_ms(60'000);
  f.destination->tick();
  f.executor.run_ready();
  REQUIRE(f.waiting() == 1);
  test::WriteFixture receiver;
  CHECK(receiver.post(f.body()).status == 204);
  CHECK(receiver.metadata() == std::vector<std::string>{"up|2||Whether."});
  f.answer(500);
  f.executor.advance_ms(30);
  f.executor.run_ready();
  REQUIRE(f.waiting() == 1);
  f.answer(204);

  f.kill();
  f.destination_options.protocol = Protocol::kV2;
  f.start();
  f.destination->tick();
  f.executor.run_ready();
  f.put({{1, 1}});
  REQUIRE(f.waiting() == 1);
  const net::FetchRequest& request = f.client->pending.front().request;
  CHECK(net::first(request.headers, "Content-Type") ==
        "application/x-protobuf;proto=io.prometheus.write.v2.Request");
  CHECK(net::first(request.headers, "X-Prometheus-Remote-Write-Version") == "2.0.0");
  const std::string body = f.body();  // what was parsed looks into it
  ingest::remote_write::WriteRequestV2 read;
  REQUIRE(read.parse(body).ok());
  std::vector<ingest::remote_write::SeriesKey> keys(1);
  read.make_keys(keys);
  CHECK(read.metadata_of(0).help == "Whether.");
  CHECK(read.metadata_of(0).type == NX_TYPE_GAUGE);
}

TEST_CASE("shards change when they are empty, and no row is lost or doubled", "[remote_write]") {
  DestinationFixture f(small_batches(1));
  ValueBag sent, got;
  double next = 0;
  const auto put_some = [&] {
    std::vector<std::pair<int, double>> rows;
    for (int series = 0; series < 20; ++series) {
      rows.emplace_back(series, ++next);
      sent.insert(next);
    }
    f.counts.samples += rows.size();
    f.put(rows);
  };
  std::size_t most = 0;
  for (int i = 0; i < 60; ++i) {
    put_some();
    for (int k = 0; k < 10 && f.waiting() != 0; ++k) {  // half of what comes in
      most = std::max(most, f.waiting());
      got.merge(values_in(f.body()));
      f.executor.advance_ms(100);
      f.answer(204);
    }
    f.destination->tick();
    f.executor.run_ready();
  }
  while (f.waiting() != 0) {
    got.merge(values_in(f.body()));
    f.answer(204);
  }
  CHECK(most > 1);
  CHECK(got == sent);
}

TEST_CASE("who ends gets out what waits, and is told", "[remote_write]") {
  DestinationFixture f(small_batches(100));
  f.put({{1, 1}, {1, 2}});
  CHECK(f.waiting() == 0);
  bool drained = false;
  f.destination->drain([&] { drained = true; });
  f.executor.run_ready();
  REQUIRE(f.waiting() == 1);
  CHECK(values_in(f.body()) == ValueBag{1, 2});
  CHECK_FALSE(drained);
  f.answer(204);
  CHECK(drained);
}

TEST_CASE("segments that were sent are needed no more", "[remote_write]") {
  DestinationFixture f(small_batches(1));
  const std::uint32_t first = f.log->segment();
  f.put({{1, 1}});
  f.log->begin_segment();
  f.put({{1, 2}});
  CHECK(f.destination->needed_segment() == first);
  f.answer(204);
  f.answer(204);
  f.executor.advance_ms(1'000);
  f.destination->tick();
  f.executor.run_ready();
  CHECK(f.destination->needed_segment() == f.log->segment());
}

}  // namespace
}  // namespace narthex::remote_write
