// SPDX-License-Identifier: Apache-2.0
// The engine, which computes all steps of all series at once, against its slow twin.
#include "promql/engine.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/promql_functions.hpp"
#include "tests/support/random_expression.hpp"
#include "tests/support/slow_evaluator.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>

using namespace narthex;
using namespace narthex::test;

namespace {

constexpr std::uint32_t kSeed = 20'241;
constexpr int kExpressions = 12'000;
constexpr int kLeastAnswers = 5'000;
constexpr std::int64_t kStartMs = 1'500'000;
constexpr std::int64_t kEndMs = 2'400'000;
constexpr std::int64_t kFirstMs = 900'000;
const double kStaleMarker = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});

// Counters that begin again, levels that go up and down, holes with and without markers. Small
// whole numbers: sums are exact in any order.
class Data {
 public:
  explicit Data(std::uint32_t seed) : random_(seed) {
    for (const char* job : {"a", "b"}) {
      for (const char* zone : {"n", "s", "w"}) {
        add("requests_total", job, zone, true);
        add("level", job, zone, false);
      }
      add("limits", job, "", false);
    }
  }
  SlowData slow;
  MemorySource source;

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  void add(const char* name, const char* job, const char* zone, bool counter) {
    Labels labels;
    labels.set("__name__", name);
    labels.set("job", job);
    labels.set("zone", zone);
    const std::int64_t phase = below(2) * below(15'000);
    Points points;
    double v = below(20);
    for (std::int64_t t = kFirstMs + phase; t < kEndMs + 300'000; t += 15'000) {
      v = counter ? (below(30) == 0 ? below(3) : v + below(8)) : below(40) - 10;
      if (below(40) == 0) {
        if (below(2) == 0) points.push_back({t, kStaleMarker});
        t += 15'000 * below(30);
      } else if (below(15) != 0) {
        points.push_back({t, v});
      }
    }
    std::vector<Sample> samples;
    for (const Point& point : points) samples.push_back({point.t_ms, point.v, nullptr});
    source.add(labels, samples);
    slow[labels] = std::move(points);
  }

  std::mt19937 random_;
};

bool same_value(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::fabs(a - b) <= 1e-9 * std::max({1.0, std::fabs(a), std::fabs(b)});
}

using SlowResult = std::map<Labels, Points>;

// False: the query fails.
bool run_slowly(const Data& data, const promql::Query& query, const promql::RunOptions& options,
                SlowResult& out) {
  const SlowEvaluator evaluator(data.slow, options.start_ms, options.end_ms);
  const std::int64_t step_ms = options.instant() ? 1 : options.step_ms;
  try {
    for (std::int64_t t = options.start_ms; t <= options.end_ms; t += step_ms) {
      for (const auto& [labels, v] : evaluator.vector(query.root(), t)) {
        out[labels].push_back({t, v});
      }
    }
  } catch (const QueryFailure&) {
    return false;
  }
  return true;
}

std::string show(const SlowResult& result) {
  std::string out;
  for (const auto& [labels, points] : result) {
    for (const auto& [name, value] : labels) out += name + "=" + value + " ";
    for (const Point& point : points) {
      out += " " + std::to_string(point.v) + "@" + std::to_string(point.t_ms);
    }
    out += "\n";
  }
  return out;
}

SlowResult collect(const promql::QueryResult& result) {
  SlowResult out;
  for (const promql::ResultSeries& series : result.series) {
    Points& points = out[result.labels->copy(series.labels)];
    for (std::size_t i = 0; i < series.t_ms.size(); ++i) {
      points.push_back({series.t_ms[i], series.v[i]});
    }
  }
  return out;
}

bool same_result(const SlowResult& a, const SlowResult& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && std::equal(x.second.begin(), x.second.end(), y.second.begin(),
                                            y.second.end(), [](const Point& p, const Point& q) {
                                              return p.t_ms == q.t_ms && same_value(p.v, q.v);
                                            });
  });
}

}  // namespace

TEST_CASE("the engine yields what its slow twin yields", "[promql]") {
  Data data(kSeed);
  RandomExpression random(kSeed);
  std::mt19937 choice(kSeed);
  const auto table = promql_functions();
  int answers = 0;
  for (int round = 0; round < kExpressions; ++round) {
    const std::string text = random.vector(1 + round % 4);
    INFO("seed " << kSeed << ", round " << round << ": " << text);
    const auto query = promql::Query::parse(text, table, {});
    if (!query.ok()) FAIL(query.status().message());
    promql::RunOptions options;
    const bool instant = choice() % 3 == 0;
    options.start_ms = kStartMs + static_cast<std::int64_t>(choice() % 300'000);
    options.step_ms = instant ? 0 : 7'000 + static_cast<std::int64_t>(choice() % 90'000);
    options.end_ms = instant ? options.start_ms : options.start_ms + 6 * options.step_ms;
    SlowResult expected;
    const bool ok = run_slowly(data, *query, options, expected);
    const promql::QueryResult result = query->run(data.source, options);
    INFO("the engine says " << result.error.message << "\n"
                            << show(collect(result)) << "the slow twin says\n"
                            << (ok ? show(expected) : "a failure"));
    REQUIRE((result.error.kind == promql::ErrorKind::kNone) == ok);
    if (!ok) continue;
    REQUIRE(same_result(collect(result), expected));
    answers += expected.empty() ? 0 : 1;
  }
  CHECK(answers > kLeastAnswers);
}
