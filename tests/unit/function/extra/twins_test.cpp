// SPDX-License-Identifier: Apache-2.0
// The functions of the extra plugin against slow twins that do the obvious thing, on random
// windows. Labels and gaps are the business of tests/promql/extra.test.
#include "plugins/function/extra/families.hpp"
#include "promql/engine.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/promql_functions.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <optional>
#include <random>

using namespace narthex;

namespace {

constexpr std::uint32_t kSeed = 99;

struct Samples {
  std::vector<std::int64_t> t_ms;
  std::vector<double> v;
};
using Twin = std::optional<double> (*)(const Samples&);

double at_rank(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  const double rank = q * static_cast<double>(v.size() - 1);
  const double low = v[static_cast<std::size_t>(std::floor(rank))];
  const double high = v[static_cast<std::size_t>(std::ceil(rank))];
  return low + (high - low) * (rank - std::floor(rank));
}

double mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

double gap_s(const Samples& s, std::size_t i) {
  return static_cast<double>(s.t_ms[i] - s.t_ms[i - 1]) / 1000;
}

std::map<double, int> counts(const Samples& s) {
  std::map<double, int> out;
  for (const double v : s.v) ++out[v];
  return out;
}

double total_s(const Samples& s) { return static_cast<double>(s.t_ms.back() - s.t_ms[0]) / 1000; }

double held(const Samples& s) {
  double sum = 0;
  for (std::size_t i = 1; i < s.v.size(); ++i) sum += s.v[i - 1] * gap_s(s, i);
  return sum;
}

// A counter put together again: the sum of the peaks before falls, and its last value.
double unbroken(const Samples& s) {
  double peaks = 0;
  for (std::size_t i = 1; i < s.v.size(); ++i) {
    if (s.v[i] < s.v[i - 1]) peaks += s.v[i - 1];
  }
  return peaks + s.v.back() - s.v[0];
}

template <class F>
double steps(const Samples& s, F f) {
  double sum = 0;
  for (std::size_t i = 1; i < s.v.size(); ++i) sum += f(s.v[i] - s.v[i - 1]);
  return sum;
}

std::optional<double> if_two(const Samples& s, double v) {
  return s.v.size() < 2 ? std::nullopt : std::optional(v);
}

const std::map<std::string, Twin> kTwins = {
    {"median_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> { return at_rank(s.v, 0.5); }},
    {"iqr_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return at_rank(s.v, 0.75) - at_rank(s.v, 0.25);
     }},
    {"outlier_iqr_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       const double low = at_rank(s.v, 0.25);
       const double high = at_rank(s.v, 0.75);
       const bool inside =
           s.v.back() >= low - 1.5 * (high - low) && s.v.back() <= high + 1.5 * (high - low);
       return inside ? std::nullopt : std::optional(s.v.back());
     }},
    {"range_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> { return at_rank(s.v, 1) - at_rank(s.v, 0); }},
    {"mode_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       double best = 0;
       int most = 0;
       for (const auto& [v, n] : counts(s)) {
         if (n > most) best = v;
         most = std::max(most, n);
       }
       return best;
     }},
    {"distinct_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return static_cast<double>(counts(s).size());
     }},
    {"zscore_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       double squares = 0;
       for (const double v : s.v) squares += std::pow(v - mean(s.v), 2);
       if (squares == 0) return 0;
       return (s.v.back() - mean(s.v)) / std::sqrt(squares / static_cast<double>(s.v.size()));
     }},
    {"geomean_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       double product = 1;
       for (const double v : s.v) product *= std::pow(v, 1 / static_cast<double>(s.v.size()));
       return product;
     }},
    {"sum2_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       std::vector<double> squares;
       for (const double v : s.v) squares.push_back(v * v);
       return mean(squares) * static_cast<double>(s.v.size());
     }},
    {"share_le_over_time(m[W], 5) + share_gt_over_time(m[W], 5)",
     [](const Samples&) -> std::optional<double> { return 1; }},
    {"count_eq_over_time(m[W], 5)",
     [](const Samples& s) -> std::optional<double> { return counts(s)[5]; }},
    {"count_eq_over_time(m[W], 5) + count_ne_over_time(m[W], 5)",
     [](const Samples& s) -> std::optional<double> { return static_cast<double>(s.v.size()); }},
    {"sum_le_over_time(m[W], 5) + sum_gt_over_time(m[W], 5)",
     [](const Samples& s) -> std::optional<double> {
       return mean(s.v) * static_cast<double>(s.v.size());
     }},
    {"sum_eq_over_time(m[W], 5)",
     [](const Samples& s) -> std::optional<double> { return 5.0 * counts(s)[5]; }},
    {"increase_exact(m[W])", [](const Samples& s) { return if_two(s, unbroken(s)); }},
    {"rate_exact(m[W])", [](const Samples& s) { return if_two(s, unbroken(s) / total_s(s)); }},
    {"delta_exact(m[W])", [](const Samples& s) { return if_two(s, s.v.back() - s.v[0]); }},
    {"deriv_fast(m[W])",
     [](const Samples& s) { return if_two(s, (s.v.back() - s.v[0]) / total_s(s)); }},
    {"ideriv(m[W])",
     [](const Samples& s) -> std::optional<double> {
       const std::size_t n = s.v.size();
       if (n < 2) return std::nullopt;
       return (s.v[n - 1] - s.v[n - 2]) / gap_s(s, n - 1);
     }},
    {"ascent_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return steps(s, [](double d) { return std::max(d, 0.0); });
     }},
    {"descent_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return steps(s, [](double d) { return std::max(-d, 0.0); });
     }},
    {"increases_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return steps(s, [](double d) { return d > 0 ? 1.0 : 0.0; });
     }},
    {"decreases_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return steps(s, [](double d) { return d < 0 ? 1.0 : 0.0; });
     }},
    {"lifetime(m[W])", [](const Samples& s) -> std::optional<double> { return total_s(s); }},
    {"scrape_interval(m[W])",
     [](const Samples& s) { return if_two(s, total_s(s) / static_cast<double>(s.v.size() - 1)); }},
    {"duration_over_time(m[W], 12)",
     [](const Samples& s) -> std::optional<double> {
       double sum = 0;
       for (std::size_t i = 1; i < s.v.size(); ++i) sum += gap_s(s, i) <= 12 ? gap_s(s, i) : 0;
       return sum;
     }},
    {"integrate(m[W])", [](const Samples& s) -> std::optional<double> { return held(s); }},
    {"twa_over_time(m[W])",
     [](const Samples& s) -> std::optional<double> {
       return s.v.size() < 2 ? s.v[0] : held(s) / total_s(s);
     }},
};

std::shared_ptr<const promql::FunctionTable> table() {
  return test::functions_of({function_promql::all_functions(), function_extra::all_functions()});
}

std::optional<double> run(test::MemorySource& source, const std::string& text, std::int64_t t_ms) {
  const auto query = promql::Query::parse(text, table(), {});
  REQUIRE(query.ok());
  promql::RunOptions options;
  options.start_ms = options.end_ms = t_ms;
  const promql::QueryResult result = query->run(source, options);
  REQUIRE(result.error.message == "");
  if (result.series.empty()) return std::nullopt;
  REQUIRE(result.series.size() == 1);
  return result.series[0].v[0];
}

std::string in_window(std::string text, const std::string& window) {
  for (std::size_t at = text.find("[W]"); at != text.npos; at = text.find("[W]")) {
    text.replace(at, 3, "[" + window + "]");
  }
  return text;
}

}  // namespace

TEST_CASE("functions over windows are what their slow twins are", "[function]") {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 60; ++round) {
    Samples all;
    std::vector<test::Sample> samples;
    std::int64_t t = 1'000;
    for (unsigned i = 0; i < 1 + random() % 40; ++i, t += 5'000 + 1'000 * (random() % 12)) {
      const double v = static_cast<double>(1 + random() % 12);
      all.t_ms.push_back(t);
      all.v.push_back(v);
      samples.push_back({t, v, nullptr});
    }
    test::MemorySource source;
    Labels labels;
    labels.set("__name__", "m");
    source.add(labels, samples);
    for (const auto& [text, twin] : kTwins) {
      INFO("seed " << kSeed << ", round " << round << ": " << text);
      const std::optional<double> found = run(source, in_window(text, "1h"), t);
      const std::optional<double> expected = twin(all);
      REQUIRE(found.has_value() == expected.has_value());
      if (expected) CHECK(*found == Approx(*expected).epsilon(1e-9).margin(1e-9));
    }
    CHECK(*run(source, "lag(m[1h])", t) == Approx(static_cast<double>(t - all.t_ms.back()) / 1000));
  }
}

TEST_CASE("every function of the plugin has a name of its own", "[function]") {
  const promql::FunctionTable standard;
  std::map<std::string, int> names;
  for (const nx_function* row : function_extra::all_functions()) {
    const std::string name(view(row->name));
    CHECK(++names[name] == 1);
    CHECK(standard.find(name) == nullptr);
    CHECK(row->doc.len > 0);
  }
  CHECK(names.size() == function_extra::all_functions().size());
}
