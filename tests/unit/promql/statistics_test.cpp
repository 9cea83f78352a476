// SPDX-License-Identifier: Apache-2.0
// What a run tells of itself: samples by step as Prometheus counts them, its plan, its progress.
#include "unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

using namespace narthex;
using Counts = std::vector<std::uint64_t>;

namespace {

// up at 3 s, 4 s, 5 s.
test::MemorySource up() {
  test::MemorySource source;
  source.add(test::labels({{"__name__", "up"}}), {{3000, 1}, {4000, 1}, {5000, 1}});
  return source;
}

promql::SampleStats stats_of(const char* text) {
  auto source = up();
  promql::RunOptions options;
  options.start_ms = 1000;
  options.end_ms = 5000;
  options.step_ms = 1000;
  options.stats_by_step = true;
  return test::run_query(source, text, options).stats;
}

promql::QueryResult planned(test::MemorySource& source, std::string_view text) {
  static const runtime::SystemClock clock;
  promql::RunOptions options;
  options.start_ms = options.end_ms = 5000;
  options.plan = true;
  options.clock = &clock;
  const auto query = promql::Query::parse(text, test::promql_functions(), {});
  REQUIRE(query.ok());
  return query->run(source, options);
}

}  // namespace

TEST_CASE("samples by step are those the steps see", "[promql]") {
  CHECK(stats_of("up").by_step == Counts{0, 0, 1, 1, 1});
  CHECK(stats_of("up").samples_total == 3);
  CHECK(stats_of("count_over_time(up[3s])").by_step == Counts{0, 0, 1, 2, 3});
  CHECK(stats_of("up + up").by_step == Counts{0, 0, 2, 2, 2});
  CHECK(stats_of("1").by_step == Counts{0, 0, 0, 0, 0});
}

TEST_CASE("what is fixed in time counts for every step", "[promql]") {
  const promql::SampleStats stats = stats_of("sum(count_over_time(up[3s])) + sum(up @ 5)");
  CHECK(stats.by_step == Counts{1, 1, 2, 3, 4});
  CHECK(stats.samples_total == 11);
}

TEST_CASE("a subquery counts by its windows, not by what it reads", "[promql]") {
  const promql::SampleStats stats = stats_of("max_over_time(up[4s:1s])");
  CHECK(stats.by_step == Counts{0, 0, 1, 2, 3});
  CHECK(stats.samples_total == 6);
}

TEST_CASE("nobody pays for steps that nobody asks for", "[promql]") {
  auto source = up();
  CHECK(test::run_query(source, "up", {}).stats.by_step.empty());
}

TEST_CASE("a plan has a node for each operator, with what it yielded", "[promql]") {
  auto source = up();
  source.add(test::labels({{"__name__", "up"}, {"x", "1"}}), {{4000, 2}});
  const promql::QueryResult result =
      planned(source, "sum by (x) (rate(up[1m]))\n + on(x) (up * 2)");
  REQUIRE(result.plan != nullptr);
  REQUIRE(result.plan->children.size() == 1);
  const promql::PlanNode& add = *result.plan->children[0];
  CHECK(add.operation == "+");
  CHECK(add.expression == "sum by (x) (rate(up[1m]))  + on(x) (up * 2)");
  REQUIRE(add.children.size() == 2);
  const promql::PlanNode& sum = *add.children[0];
  CHECK(sum.operation == "sum by (x)");
  REQUIRE(sum.children.size() == 1);
  CHECK(sum.children[0]->operation == "rate()");
  REQUIRE(sum.children[0]->children.size() == 1);
  const promql::PlanNode& range = *sum.children[0]->children[0];
  CHECK(range.operation == "select range");
  CHECK(range.series == 2);
  CHECK(range.samples == 4);
  CHECK(range.values == 4);
  CHECK(sum.samples == 4);
  CHECK(add.samples == 6);
  const promql::PlanNode& times = *add.children[1];
  CHECK(times.operation == "*");
  CHECK(times.series == 2);
  CHECK(times.children[0]->operation == "select");
  CHECK(add.time_ns >= sum.time_ns);
  CHECK(sum.time_ns >= range.time_ns);
}

TEST_CASE("a plan of a deep or wide query stays of a size", "[promql]") {
  auto source = up();
  std::string deep = "up";
  for (int i = 0; i < 900; ++i) deep = "abs(" + deep + ")";
  CHECK(planned(source, deep).error.kind == promql::ErrorKind::kNone);
  std::string wide = "up";
  for (int i = 0; i < 3000; ++i) wide += " + up";
  const promql::QueryResult result = planned(source, wide);
  CHECK(result.error.kind == promql::ErrorKind::kNone);
  CHECK(result.plan->children[0]->children.size() < 1001);
  CHECK(result.plan->children[0]->operation.ends_with(" ..."));
}

TEST_CASE("progress is told while a query runs", "[promql]") {
  auto source = up();
  promql::RunProgress progress;
  promql::RunOptions options;
  options.start_ms = options.end_ms = 5000;
  options.progress = &progress;
  test::run_query(source, "max_over_time(up[4s:1s])", options);
  CHECK(progress.samples == 6);
}
