// SPDX-License-Identifier: Apache-2.0
// Fast pieces of the promql plugin against slow twins that do the obvious thing.
#include "plugins/function/promql/classic_buckets.hpp"
#include "plugins/function/promql/histogram.hpp"
#include "plugins/function/promql/quantile.hpp"
#include "plugins/function/promql/sliding_quantile.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace narthex;
using namespace narthex::function_promql;

namespace {

double sorted_quantile(double q, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::size_t>(std::floor(rank));
  const std::size_t upper = std::min(lower + 1, values.size() - 1);
  const double weight = rank - std::floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}

// A histogram with random buckets; owns what nx_histogram points to.
struct Random {
  std::vector<nx_span> spans;
  std::vector<double> counts;
  std::map<std::int32_t, double> buckets;
  nx_histogram h{};

  Random(std::mt19937& random, std::int32_t schema) {
    std::int32_t next = 0;
    const auto number = [&](std::int32_t n) {
      return static_cast<std::int32_t>(random() % static_cast<unsigned>(n));
    };
    for (std::int32_t s = 0, index = number(9) - 4; s < 3; ++s, index = next + 1 + number(3)) {
      const auto length = static_cast<std::uint32_t>(1 + number(3));
      spans.push_back({index - next, length});
      for (std::uint32_t i = 0; i < length; ++i, ++index) {
        counts.push_back(number(10));
        buckets[index] = counts.back();
        h.count.f += counts.back();
      }
      next = index;
    }
    h.schema = schema;
    h.is_float = 1;
    h.pos_spans = spans.data();
    h.pos_span_count = static_cast<std::uint32_t>(spans.size());
    h.pos.counts = counts.data();
    h.pos_bucket_count = static_cast<std::uint32_t>(counts.size());
  }
};

std::map<std::int32_t, double> coarser(const std::map<std::int32_t, double>& fine, int steps) {
  std::map<std::int32_t, double> out;
  for (const auto& [index, count] : fine) {
    double at = index;
    for (int i = 0; i < steps; ++i) at = std::ceil(at / 2);
    out[static_cast<std::int32_t>(at)] += count;
  }
  return out;
}

}  // namespace

TEST_CASE("a selected quantile is that of the sorted values", "[function]") {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> values(1 + random() % 40);
    for (double& v : values) v = static_cast<double>(random() % 20);
    const double q = static_cast<double>(random() % 101) / 100;
    const double expected = sorted_quantile(q, values);
    CHECK(quantile_of(q, values) == expected);
  }
}

TEST_CASE("histograms of different schemas add on the coarser one", "[function]") {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    const auto finer = static_cast<int>(random() % 3);
    const Random a(random, 2);
    const Random b(random, 2 + finer);
    const double sign = round % 2 == 0 ? 1 : -1;
    FloatHistogram sum;
    FloatHistogram other;
    sum.load(a.h);
    other.load(b.h);
    sum.add(other, sign);
    std::map<std::int32_t, double> expected = a.buckets;
    for (const auto& [index, count] : coarser(b.buckets, finer)) expected[index] += sign * count;
    std::map<std::int32_t, double> found;
    for (std::size_t i = 0; i < sum.positive.size(); ++i) {
      found[sum.positive.index[i]] = sum.positive.count[i];
    }
    CHECK(found == expected);
    CHECK(sum.head.schema == 2);
    CHECK(sum.head.count.f == a.h.count.f + sign * b.h.count.f);
  }
}

TEST_CASE("a lost observation is a reset, more of them are none", "[function]") {
  std::mt19937 random(13);
  FloatHistogram scratch[2];
  for (int round = 0; round < 200; ++round) {
    const Random before(random, 3);
    Random now = before;
    now.h.pos.counts = now.counts.data();
    now.h.pos_spans = now.spans.data();
    CHECK_FALSE(detect_reset(now.h, before.h, scratch));
    now.counts[random() % now.counts.size()] += 1;
    now.h.count.f += 1;
    CHECK_FALSE(detect_reset(now.h, before.h, scratch));
    CHECK(detect_reset(before.h, now.h, scratch));
  }
}

TEST_CASE("bounds are read as Go reads them", "[function]") {
  double bound = 0;
  for (const char* text : {"1", "+1.5", "-2e3", ".5", "+Inf", "-inf", "Infinity", "NaN", "0x1p3"}) {
    CHECK(parse_bound(text, bound));
  }
  for (const char* text : {"", "a", "+", "1 ", "--1", "+NaN", "1e999", "1_0"}) {
    CHECK_FALSE(parse_bound(text, bound));
  }
}

TEST_CASE("counts that fall are raised, and the caller hears of it", "[function]") {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<ClassicBucket> falling = {{1, 10}, {2, 8}, {inf, 20}};
  const ClassicQuantile found = classic_quantile(0.5, falling);
  CHECK(found.forced_monotonic);
  CHECK(found.value == 1);
  std::vector<ClassicBucket> sound = {{1, 10}, {2, 15}, {inf, 20}};
  CHECK_FALSE(classic_quantile(0.5, sound).forced_monotonic);
}

TEST_CASE("a quantile of windows that move is that of each by itself", "[function_promql]") {
  std::mt19937 random(19);
  const double odd[] = {0.0, -0.0, std::nan(""), std::numeric_limits<double>::infinity(), -1, 1};
  for (int round = 0; round < 400; ++round) {
    const bool few_values = round % 2 == 0;
    std::vector<double> values;
    for (unsigned i = 0; i < 1 + random() % 200; ++i) {
      values.push_back(few_values ? odd[random() % std::size(odd)] : random() % 1000);
    }
    SlidingQuantile sliding;
    std::size_t lo = 0;
    std::size_t hi = 0;
    const unsigned pace = 1 + random() % 12;
    for (int step = 0; step < 60; ++step) {
      hi = std::min(values.size(), hi + random() % pace);
      if (step > 5) lo = std::min(hi, lo + random() % pace);
      if (lo == hi) continue;
      const double q = std::vector{0.0, 0.3, 0.5, 0.99, 1.0, 2.0, -1.0}[random() % 7];
      const std::span<const double> window = std::span(values).subspan(lo, hi - lo);
      std::vector<double> copy(window.begin(), window.end());
      const double expected = quantile_of(q, copy);
      const double found = sliding.of(q, window);
      INFO(round << " " << step << " " << lo << " " << hi << " " << q);
      REQUIRE((found == expected || (std::isnan(found) && std::isnan(expected))));
    }
  }
}
