// SPDX-License-Identifier: Apache-2.0
// Instants and ranges over a source in memory: lookback, staleness, steps, shifts, bounds.
#include "promql/histogram.hpp"
#include "tests/unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

#include <bit>

using namespace narthex;
using test::Outcome;
using Lines = Outcome::Lines;

namespace {

const double kStale = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});

test::MemorySource counter() {
  test::MemorySource source;
  std::vector<test::Sample> samples;
  for (int i = 0; i <= 20; ++i) samples.push_back({i * 60'000, i * 1.0});
  source.add(test::labels({{"__name__", "m"}}), samples);
  return source;
}

promql::RunOptions at(std::int64_t t_ms) {
  promql::RunOptions options;
  options.start_ms = options.end_ms = t_ms;
  return options;
}

promql::RunOptions range(std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms) {
  promql::RunOptions options;
  options.start_ms = start_ms;
  options.end_ms = end_ms;
  options.step_ms = step_ms;
  return options;
}

}  // namespace

TEST_CASE("an instant sees back as far as the lookback, its far end excluded", "[promql][engine]") {
  auto source = counter();
  const std::int64_t last = 20 * 60'000;
  CHECK(test::run_query(source, "m", at(last)).lines == Lines{"m 20"});
  CHECK(test::run_query(source, "m", at(last + 299'999)).lines == Lines{"m 20"});
  CHECK(test::run_query(source, "m", at(last + 300'000)).lines.empty());
}

TEST_CASE("a stale marker ends a series", "[promql][engine]") {
  test::MemorySource source;
  source.add(test::labels({{"__name__", "m"}}), {{0, 1}, {60'000, kStale}, {180'000, 2}});
  CHECK(test::run_query(source, "m", range(0, 240'000, 60'000)).lines ==
        Lines{"m 1@0 2@180000 2@240000"});
}

TEST_CASE("range windows are open on the left", "[promql][engine]") {
  auto source = counter();
  CHECK(test::run_query(source, "count_over_time(m[5m])", at(600'000)).lines == Lines{"{} 5"});
  CHECK(test::run_query(source, "m[2m]", at(600'000)).lines == Lines{"m 9 10"});
}

TEST_CASE("offset and @ shift, in either order", "[promql][engine]") {
  auto source = counter();
  CHECK(test::run_query(source, "m offset 5m", at(600'000)).lines == Lines{"m 5"});
  CHECK(test::run_query(source, "m offset -5m", at(600'000)).lines == Lines{"m 15"});
  CHECK(test::run_query(source, "m @ 300 offset 1m", at(0)).lines == Lines{"m 4"});
  CHECK(test::run_query(source, "m offset 1m @ 300", at(0)).lines == Lines{"m 4"});
  CHECK(test::run_query(source, "m @ end()", range(0, 120'000, 60'000)).lines ==
        Lines{"m 2@0 2@60000 2@120000"});
  CHECK(test::run_query(source, "m @ start()", range(60'000, 120'000, 60'000)).lines ==
        Lines{"m 1@60000 1@120000"});
}

TEST_CASE("subquery steps are multiples of their step", "[promql][engine]") {
  auto source = counter();
  CHECK(test::run_query(source, "m[2m:30s]", at(605'000)).lines == Lines{"m 8 9 9 10"});
  CHECK(test::run_query(source, "sum_over_time(m[3m:1m])", at(630'000)).lines == Lines{"{} 27"});
}

TEST_CASE("a subquery before the epoch has aligned steps too", "[promql][engine]") {
  test::MemorySource source;
  source.add(test::labels({{"__name__", "m"}}), {{-90'000, 1}});
  CHECK(test::run_query(source, "count_over_time(m[2m:1m])", at(-30'000)).lines == Lines{"{} 1"});
}

TEST_CASE("scalars have a value at every step", "[promql][engine]") {
  test::MemorySource source;
  CHECK(test::run_query(source, "time() * 2", at(1'500)).lines == Lines{"3"});
  CHECK(test::run_query(source, "1 + 1", range(0, 2'000, 1'000)).lines ==
        Lines{"{} 2@0 2@1000 2@2000"});
}

TEST_CASE("too many samples fail the query", "[promql][engine]") {
  auto source = counter();
  promql::RunOptions options = at(1'200'000);
  options.max_samples = 10;
  const Outcome outcome = test::run_query(source, "count_over_time(m[20m])", options);
  CHECK(outcome.error.kind == promql::ErrorKind::kExecution);
  CHECK(outcome.error.message ==
        "query processing would load too many samples into memory in query execution");
  options.max_samples = 50;
  CHECK(test::run_query(source, "count_over_time(m[20m])", options).error.message.empty());
}

TEST_CASE("a range query yields vectors and scalars only", "[promql][engine]") {
  auto source = counter();
  const Outcome outcome = test::run_query(source, "m[5m]", range(0, 60'000, 60'000));
  CHECK(outcome.error.kind == promql::ErrorKind::kBadData);
  CHECK(outcome.error.message ==
        "invalid expression type \"range vector\" for range query, must be Scalar or instant "
        "Vector");
}

TEST_CASE("what does not depend on the step is selected once", "[promql][engine]") {
  auto source = counter();
  const Outcome outcome = test::run_query(source, "sum(m @ 60)", range(0, 600'000, 60'000));
  REQUIRE(outcome.lines.size() == 1);
  CHECK(outcome.lines[0].find("{} 1@0 1@60000") == 0);
  CHECK(source.selects() == 1);
}
