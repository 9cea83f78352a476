// SPDX-License-Identifier: Apache-2.0
// A query that is cancelled or out of time stops, wherever it is.
#include "promql/context.hpp"
#include "promql/kernel.hpp"
#include "promql/select_rank.hpp"
#include "promql/sort_order.hpp"
#include "unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <random>

using namespace narthex;
using promql::ErrorKind;

namespace {

// A clock that does something each time it is looked at: the engine looks where it asks whether to
// stop.
class WatchedClock final : public runtime::Clock {
 public:
  explicit WatchedClock(std::function<void(std::int64_t)> on_look) : on_look_(std::move(on_look)) {}
  std::int64_t now_ms() const override { return 0; }
  std::int64_t mono_ns() const override {
    on_look_(++looks_);
    return looks_;
  }
  std::int64_t looks() const { return looks_; }

 private:
  const std::function<void(std::int64_t)> on_look_;
  mutable std::int64_t looks_ = 0;
};

constexpr const char* kQueries[] = {
    "m",
    "sum by (s) (m)",
    "m + on(s) m",
    "m and m",
    "m or m",
    "quantile(0.5, m)",
    "topk(3, m)",
    "count_values(\"v\", m)",
    "rate(m[1m])",
    "abs(m)",
    "absent(m)",
    "sort(m)",
    "label_replace(m, \"a\", \"$1\", \"s\", \"(.*)\")",
    "max_over_time(sum(m)[5m:10s])",
    "m @ 10",
};

}  // namespace

TEST_CASE("a query stops at whatever place it is cancelled", "[promql]") {
  auto source = test::series_alike(80, 100);
  for (const char* text : kQueries) {
    INFO(text);
    runtime::Cancellation never;
    promql::RunOptions options;
    options.end_ms = 99'000;
    options.step_ms = 1000;
    options.deadline_mono_ns = INT64_MAX;
    options.cancellation = &never;
    const WatchedClock counting([](std::int64_t) {});
    options.clock = &counting;
    REQUIRE(test::run_query(source, text, options).error.kind == ErrorKind::kNone);
    const std::int64_t looks = counting.looks();
    CHECK(looks > 2);
    for (std::int64_t at = 1; at <= looks; at += std::max<std::int64_t>(looks / 40, 1)) {
      runtime::Cancellation cancellation;
      options.cancellation = &cancellation;
      const WatchedClock clock([&](std::int64_t look) {
        if (look == at) cancellation.cancel();
      });
      options.clock = &clock;
      const test::Outcome out = test::run_query(source, text, options);
      // At the last looks, which only measure, the work is done.
      if (out.error.kind == ErrorKind::kNone) {
        CHECK(at > looks - 4);
        continue;
      }
      CHECK(out.error.kind == ErrorKind::kCanceled);
      CHECK(out.error.message == "query was canceled in expression evaluation");
      CHECK(clock.looks() <= at + 3);
    }
  }
}

TEST_CASE("a deadline that passes is a timeout, also where the storage says cancelled",
          "[promql]") {
  auto source = test::series_alike(10, 100);
  for (const char* text : kQueries) {
    INFO(text);
    promql::RunOptions options;
    options.end_ms = 99'000;
    options.step_ms = 1000;
    options.deadline_mono_ns = 4;  // the clock goes on by one a look
    const WatchedClock clock([](std::int64_t) {});
    options.clock = &clock;
    const test::Outcome out = test::run_query(source, text, options);
    CHECK(out.error.kind == ErrorKind::kTimeout);
    CHECK(out.error.message == "query timed out in expression evaluation");
  }
}

TEST_CASE("a window of many samples is given to kernels in parts, with the same result",
          "[promql]") {
  // 300 steps over windows of some 9,000 samples: beyond what a kernel gets at once.
  test::MemorySource source;
  std::vector<test::Sample> column;
  for (int i = 0; i < 12'000; ++i) column.push_back({i * 1000, static_cast<double>(i % 97)});
  for (const char* s : {"a", "b", "c"}) {
    source.add(test::labels({{"__name__", "m"}, {"s", s}}), column);
  }
  promql::RunOptions options;
  options.start_ms = 9'000'000;
  options.step_ms = 10'000;
  options.end_ms = options.start_ms + 299 * options.step_ms;
  for (const char* text :
       {"sum_over_time(m[9000s])", "rate(m[9000s])",
        "quantile_over_time(scalar(m{s=\"a\"}) / 100, m[9000s])", "max_over_time(m[9000s:1s])"}) {
    INFO(text);
    const test::Outcome whole = test::run_query(source, text, options);
    REQUIRE(whole.error.kind == ErrorKind::kNone);
    // The same steps one by one: never many samples at once.
    for (const int i : {0, 1, 150, 298, 299}) {
      promql::RunOptions one;
      one.start_ms = one.end_ms = options.start_ms + i * options.step_ms;
      const test::Outcome at = test::run_query(source, text, one);
      REQUIRE(at.lines.size() == whole.lines.size());
      for (std::size_t s = 0; s < at.lines.size(); ++s) {
        const std::string value =
            at.lines[s].substr(at.lines[s].rfind(' ')) + "@" + std::to_string(one.start_ms);
        CHECK((whole.lines[s] + " ").find(value + " ") != std::string::npos);
      }
    }
  }
}

TEST_CASE("functions of millions of steps are computed in parts, with the same result",
          "[promql]") {
  test::MemorySource source;
  // 400,000 steps of one series, each its own value.
  const test::Outcome out = test::run_query(
      source, "sum_over_time(clamp_max(abs(vector(time())), 200000)[400000s:1s])", [] {
        promql::RunOptions options;
        options.start_ms = options.end_ms = 400'000'000;
        return options;
      }());
  // 1 .. 200,000, then 200,000 more times 200,000.
  CHECK(out.lines == test::Outcome::Lines{"{} 60000100000"});
}

TEST_CASE("work is looked at as it adds up: whether to stop is asked neither seldom nor often",
          "[promql]") {
  test::MemorySource source;
  promql::RunOptions options;
  options.deadline_mono_ns = INT64_MAX;
  const WatchedClock clock([](std::int64_t) {});
  options.clock = &clock;
  promql::Context context(source, options, "", promql::Grid{});
  for (int i = 0; i < 1'000'000; ++i) REQUIRE_FALSE(context.stop_after(1));
  CHECK(clock.looks() >= 10);
  CHECK(clock.looks() <= 20);
  const std::int64_t before = clock.looks();
  for (int i = 0; i < 100; ++i) context.stop_after(1'000'000);
  CHECK(clock.looks() == before + 100);
}

TEST_CASE("a result of many series is a few blocks, whatever they hold", "[promql]") {
  auto source = test::series_alike(3000, 4);
  const auto blocks_of = [&](const char* text, std::int64_t end_ms) {
    promql::RunOptions options;
    options.start_ms = end_ms != 0 ? 0 : 3000;
    options.end_ms = end_ms != 0 ? end_ms : 3000;
    options.step_ms = end_ms != 0 ? 1000 : 0;
    const auto query = promql::Query::parse(text, test::promql_functions(), {});
    REQUIRE(query.ok());
    const promql::QueryResult result = query->run(source, options);
    REQUIRE(result.error.kind == ErrorKind::kNone);
    CHECK(result.series.size() == 3000);
    return result.columns.size();
  };
  CHECK(blocks_of("m", 0) <= 2);
  CHECK(blocks_of("m", 3000) <= 2);
  CHECK(blocks_of("m > 0", 3000) <= 8);  // series whose first step is not there
  CHECK(blocks_of("m + on (s) m", 3000) <= 2);
  CHECK(blocks_of("m[4s]", 0) <= 8);
}

TEST_CASE("tables of labels and groups of series look at the end of their query", "[promql]") {
  test::MemorySource source;
  runtime::Cancellation cancellation;
  promql::RunOptions options;
  options.cancellation = &cancellation;
  options.deadline_mono_ns = INT64_MAX;
  const WatchedClock clock([](std::int64_t) {});
  options.clock = &clock;
  promql::Context context(source, options, "", promql::Grid{});
  std::vector<promql::LabelSet> sets;
  for (int i = 0; i < 100'000; ++i) {
    const promql::LabelPair pair{context.labels.intern("s"),
                                 context.labels.intern(std::to_string(i))};
    sets.push_back(context.labels.add({&pair, 1}));
  }
  promql::SeriesTable table;
  REQUIRE(table.fill(context, sets));
  CHECK(table.get()->series_count == sets.size());
  CHECK(clock.looks() >= 10);
  cancellation.cancel();
  const std::int64_t before = clock.looks();
  promql::SeriesTable other;
  CHECK_FALSE(other.fill(context, sets));
  CHECK(clock.looks() == before + 1);
}

TEST_CASE("an order that is found with looks is the stable one, and ends with the query",
          "[promql]") {
  test::MemorySource source;
  runtime::Cancellation cancellation;
  promql::RunOptions options;
  options.cancellation = &cancellation;
  promql::Context context(source, options, "", promql::Grid{});
  std::mt19937 random(7);
  for (const std::size_t count : {0, 1, 2, 3, 64, 1000, 4097}) {
    std::vector<int> values(count);
    for (int& v : values) v = static_cast<int>(random() % 50);
    const auto less = [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; };
    promql::Column<std::uint32_t> order;
    REQUIRE(promql::sort_order(context, count, 1, less, order));
    std::vector<std::uint32_t> expected(count);
    std::iota(expected.begin(), expected.end(), 0u);
    std::stable_sort(expected.begin(), expected.end(), less);
    CHECK(std::equal(order.begin(), order.end(), expected.begin(), expected.end()));
  }
  std::size_t compared = 0;
  const auto counting = [&](std::uint32_t a, std::uint32_t b) {
    if (++compared == 5000) cancellation.cancel();
    return a < b;
  };
  promql::Column<std::uint32_t> order;
  CHECK_FALSE(promql::sort_order(context, 1 << 20, 64, counting, order));
  CHECK(compared < 7000);
}

TEST_CASE("the value of a rank is the one that sorting finds, and its search ends with the query",
          "[promql]") {
  test::MemorySource source;
  runtime::Cancellation cancellation;
  promql::RunOptions options;
  options.cancellation = &cancellation;
  promql::Context context(source, options, "", promql::Grid{});
  const auto less = [](double a, double b) { return a < b; };
  std::mt19937 random(11);
  for (const unsigned kinds : {1u, 3u, 1000u, 1u << 31}) {
    for (const std::size_t count : {1, 2, 1000, 100'000}) {
      promql::Column<double> values;
      for (std::size_t i = 0; i < count; ++i) values.push_back(random() % kinds);
      std::vector<double> sorted(values.begin(), values.end());
      std::sort(sorted.begin(), sorted.end());
      for (const std::size_t rank : {std::size_t{0}, count / 3, count - 1}) {
        INFO(kinds << " " << count << " " << rank);
        REQUIRE(promql::select_rank(context, values, rank, less));
        CHECK(values[rank] == sorted[rank]);
        CHECK(std::all_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank),
                          [&](double v) { return v <= sorted[rank]; }));
        CHECK(std::all_of(values.begin() + static_cast<std::ptrdiff_t>(rank), values.end(),
                          [&](double v) { return v >= sorted[rank]; }));
      }
    }
  }
  promql::Column<double> values;
  for (int i = 0; i < 1 << 20; ++i) values.push_back(random());
  std::size_t compared = 0;
  const auto counting = [&](double a, double b) {
    if (++compared == 5000) cancellation.cancel();
    return a < b;
  };
  CHECK_FALSE(promql::select_rank(context, values, 1000, counting));
  CHECK(compared < 50'000);
}

TEST_CASE("series that fall together are merged, those that do not are left as they are",
          "[promql]") {
  auto source = test::series_alike(3000, 2);
  promql::RunOptions options;
  options.end_ms = 1000;
  options.step_ms = 1000;
  CHECK(test::run_query(source, "abs(m)", options).lines.size() == 3000);
  test::MemorySource parts;
  parts.add(test::labels({{"__name__", "a"}, {"s", "1"}}), {{0, 1}});
  parts.add(test::labels({{"__name__", "b"}, {"s", "2"}}), {{0, 2}});
  parts.add(test::labels({{"__name__", "c"}, {"s", "1"}}), {{600'000, 3}});
  options.end_ms = options.step_ms = 600'000;
  CHECK(test::run_query(parts, "abs({s=~\".\"})", options).lines ==
        test::Outcome::Lines{"{s=\"1\"} 1@0 3@600000", "{s=\"2\"} 2@0"});
  parts.add(test::labels({{"__name__", "d"}, {"s", "1"}}), {{600'000, 4}});
  CHECK(test::run_query(parts, "abs({s=~\".\"})", options).error.message ==
        "vector cannot contain metrics with the same labelset");
}
