// SPDX-License-Identifier: Apache-2.0
// What a query holds in memory: counted where it grows, given back, refused beyond a bound.
#include "promql/memory.hpp"

#include "promql/context.hpp"
#include "promql/grouping.hpp"
#include "promql/matching.hpp"

#include "unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

using namespace narthex;
using promql::Context;
using promql::MemoryMeter;
using promql::MemoryPool;
using promql::MemoryScope;
using test::Outcome;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;

promql::RunOptions within(std::uint64_t bytes) {
  promql::RunOptions options;
  options.end_ms = 999'000;
  options.step_ms = 1000;
  options.memory = std::make_shared<MemoryMeter>(bytes);
  return options;
}

}  // namespace

TEST_CASE("a column is charged to the meter it was made under, wherever it goes", "[promql]") {
  MemoryMeter meter;
  promql::Column<double> outside(100);
  promql::Column<double> moved;
  {
    const MemoryScope scope(&meter);
    promql::Column<double> column(1000);
    CHECK(meter.used() == 8000);
    moved = std::move(column);
    const MemoryScope none(nullptr);
    promql::Column<double> uncounted(1000);
    CHECK(meter.used() == 8000);
  }
  CHECK(MemoryMeter::current() == nullptr);
  CHECK(meter.used() == 8000);
  std::swap(moved, outside);
  moved = {};
  CHECK(meter.used() == 8000);
  outside = promql::Column<double>();
  CHECK(meter.used() == 0);
  CHECK(meter.peak() == 8000);
}

TEST_CASE("beyond a bound an allocation fails and takes nothing", "[promql]") {
  MemoryMeter meter(1000);
  const MemoryScope scope(&meter);
  promql::Column<double> column(100);
  CHECK_THROWS_AS(column.resize(200), std::bad_alloc);
  CHECK(meter.used() == 800);
  CHECK(meter.refused());
  promql::MemoryCharge charge;
  CHECK_THROWS_AS(charge.add(201), std::bad_alloc);
  charge.set(200);
  charge.set(100);
  CHECK(meter.used() == 900);
}

TEST_CASE("all that a query took is back when its result has gone", "[promql]") {
  auto source = test::series_alike(50, 1000);
  for (const char* text :
       {"m", "sum by (s) (m)", "m + on(s) m", "rate(m[1m])", "topk(3, m)", "m or m",
        "count_values(\"v\", m)", "max_over_time(sum(m)[5m:10s])", "sort(m)", "m @ 10",
        "label_replace(m, \"a\", \"$1\", \"s\", \"(.*)\")", "quantile(0.5, m)", "m[5m]"}) {
    INFO(text);
    promql::RunOptions options = within(0);
    if (std::string_view(text) == "m[5m]") options.step_ms = 0;
    const auto pool = std::make_shared<MemoryPool>(0);
    options.memory = std::make_shared<MemoryMeter>(0, pool);
    {
      const auto query = promql::Query::parse(text, test::promql_functions(), {});
      REQUIRE(query.ok());
      promql::QueryResult result = query->run(source, options);
      REQUIRE(result.error.kind == promql::ErrorKind::kNone);
      CHECK(options.memory->used() > 0);
      CHECK(options.memory->peak() >= options.memory->used());
      CHECK(pool->used() == options.memory->used());
      result = promql::QueryResult();
    }
    CHECK(options.memory->used() == 0);
    CHECK(pool->used() == 0);
  }
}

TEST_CASE("a result of a known size is counted as such", "[promql]") {
  auto source = test::series_alike(100, 1000);
  const promql::RunOptions options = within(0);
  const auto query = promql::Query::parse("m", test::promql_functions(), {});
  const promql::QueryResult result = query->run(source, options);
  // 100 series, 1,000 steps, a value each; the times are those of all.
  CHECK(options.memory->used() >= 100 * 1000 * 8);
  CHECK(options.memory->used() < 100 * 1000 * 8 * 2);
}

TEST_CASE("a query beyond its memory says which bound and how far", "[promql]") {
  auto source = test::series_alike(200, 1000);
  for (const char* text :
       {"m", "sum by (s) (m)", "m + on(s) m", "count_values(\"v\", m)", "m or m", "m unless m",
        "label_replace(m, \"a\", \"$1\", \"s\", \"(.*)\")", "max_over_time(m[5m:1s])"}) {
    INFO(text);
    const promql::RunOptions options = within(kMiB);
    const Outcome out = test::run_query(source, text, options);
    CHECK(out.error.kind == promql::ErrorKind::kExecution);
    CHECK(out.error.message.starts_with(
        "query needs more than 1 MiB of memory (query.max_memory): it was about to hold "));
    CHECK(options.memory->used() == 0);
    CHECK(options.memory->peak() <= kMiB);
  }
}

TEST_CASE("what grouping and matching look up is counted, and refused beyond the bound",
          "[promql]") {
  constexpr std::uint32_t kSeries = 10'000;
  const auto grouped = promql::Query::parse("sum by (s) (m)", test::promql_functions(), {});
  const auto matched = promql::Query::parse("m + on (s) m", test::promql_functions(), {});
  REQUIRE((grouped.ok() && matched.ok()));
  test::MemorySource source;
  const promql::RunOptions options;
  // Held for each key: the set that it is, its number, and the node that they are in.
  constexpr std::uint64_t kLeastBytes = kSeries * (sizeof(promql::LabelSet) + 16);
  for (const std::uint64_t bound : {std::uint64_t{0}, kLeastBytes / 2}) {
    for (const bool grouping : {true, false}) {
      Context context(source, options, "", promql::Grid{});
      std::vector<promql::LabelSet> sets;
      for (std::uint32_t i = 0; i < kSeries; ++i) {
        sets.push_back(context.labels.add_unsorted(
            {{context.labels.intern("s"), context.labels.intern(std::to_string(i))}}));
      }
      MemoryMeter meter(bound);
      const MemoryScope scope(&meter);
      promql::Grouping by(context, promql::as<promql::AggregateExpr>(grouped->root()));
      promql::Matcher on(context, *promql::as<promql::BinaryExpr>(matched->root()).matching);
      const auto place_all = [&] {
        for (const promql::LabelSet& set : sets) grouping ? by.group(set) : on.group(set);
      };
      if (bound == 0) {
        place_all();
        CHECK(meter.used() >= kLeastBytes);
      } else {
        CHECK_THROWS_AS(place_all(), std::bad_alloc);
        CHECK(meter.refusal().find("query.max_memory") != std::string::npos);
      }
    }
  }
}

TEST_CASE("labels that double are stopped by memory", "[promql]") {
  test::MemorySource source;
  source.add(test::labels({{"__name__", "m"}, {"a", "0123456789abcdef"}}), {{0, 1}});
  std::string text = "m";
  for (int i = 0; i < 26; ++i) text = "label_replace(" + text + ",\"a\",\"$1$1\",\"a\",\"(.*)\")";
  promql::RunOptions options;
  options.memory = std::make_shared<MemoryMeter>(16 * kMiB);
  const Outcome out = test::run_query(source, "count(" + text + ")", options);
  CHECK(out.error.kind == promql::ErrorKind::kExecution);
  CHECK(out.error.message.find("query.max_memory") != std::string::npos);
}

TEST_CASE("what others hold bounds a query, too", "[promql]") {
  auto source = test::series_alike(200, 1000);
  const auto pool = std::make_shared<MemoryPool>(32 * kMiB);
  MemoryMeter other(0, pool);
  REQUIRE(other.take(31 * kMiB));
  promql::RunOptions options = within(0);
  options.memory = std::make_shared<MemoryMeter>(0, pool);
  const Outcome refused = test::run_query(source, "m", options);
  CHECK(refused.error.kind == promql::ErrorKind::kExecution);
  CHECK(refused.error.message.starts_with(
      "queries need more than 32 MiB of memory together (query.max_memory_all): "));
  other.give_back(31 * kMiB);
  options.memory = std::make_shared<MemoryMeter>(0, pool);
  CHECK(test::run_query(source, "m", options).error.kind == promql::ErrorKind::kNone);
}
