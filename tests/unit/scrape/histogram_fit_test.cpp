// SPDX-License-Identifier: Apache-2.0
#include "scrape/histogram_fit.hpp"

#include "tests/support/parse_body.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <vector>

namespace narthex::scrape {
namespace {

// An integer histogram whose positive buckets begin at `first`.
struct Made {
  std::vector<nx_span> spans;
  std::vector<std::int64_t> deltas;
  nx_histogram h{};
  Made(std::int32_t schema, std::int32_t first, const std::vector<std::int64_t>& counts) {
    spans = {{first, static_cast<std::uint32_t>(counts.size())}};
    std::int64_t before = 0;
    for (const std::int64_t count : counts) {
      deltas.push_back(count - before);
      h.count.u += static_cast<std::uint64_t>(count);
      before = count;
    }
    h.schema = schema;
    h.pos_spans = h.neg_spans = spans.data();
    h.pos_span_count = h.neg_span_count = 1;
    h.pos_bucket_count = h.neg_bucket_count = static_cast<std::uint32_t>(counts.size());
    h.pos.deltas = h.neg.deltas = deltas.data();
  }
};

TEST_CASE("a bucket factor names the finest schema that keeps it", "[histogram_fit]") {
  CHECK(max_schema(0) == 8);
  CHECK(max_schema(1) == 8);
  CHECK(max_schema(1.0027) == 8);
  CHECK(max_schema(1.0028) == 7);
  CHECK(max_schema(1.09) == 3);
  CHECK(max_schema(2) == 0);
  CHECK(max_schema(4) == -1);
  CHECK(max_schema(1e9) == -4);
  CHECK(max_schema(std::nan("")) == 8);
}

TEST_CASE("buckets are merged towards their upper bound", "[histogram_fit]") {
  const Made made(1, -2, {1, 2, 4, 8, 16});  // buckets -2..2 of sqrt(2) each
  nx_histogram h = made.h;
  HistogramFitter fitter;
  sdk::BumpArena arena;
  REQUIRE(fitter.fit(h, 0, 0, arena));
  const test::ParsedHistogram read = test::read_histogram(h);
  CHECK(read.schema == 0);
  // ceil(i / 2): -2 -> -1; -1, 0 -> 0; 1, 2 -> 1.
  CHECK(read.positive == std::map<std::int64_t, double>{{-1, 1}, {0, 6}, {1, 24}});
  CHECK(read.negative == read.positive);
}

TEST_CASE("resolution goes down until the limit is kept, or it cannot", "[histogram_fit]") {
  const Made made(8, -300, std::vector<std::int64_t>(601, 1));
  HistogramFitter fitter;
  sdk::BumpArena arena;
  nx_histogram h = made.h;
  REQUIRE(fitter.fit(h, 8, 40, arena));
  CHECK(h.schema == 3);
  CHECK(h.pos_bucket_count + h.neg_bucket_count <= 40);
  double sum = 0;
  for (const auto& [index, count] : test::read_histogram(h).positive) sum += count;
  CHECK(sum == 601);
  h = made.h;
  CHECK_FALSE(fitter.fit(h, 8, 3, arena));
  CHECK(h.schema == 8);
  h.schema = NX_SCHEMA_CUSTOM;
  CHECK_FALSE(fitter.fit(h, 0, 40, arena));
  CHECK(fitter.fit(h, 0, 2000, arena));
}

TEST_CASE("merging at once equals merging step by step", "[histogram_fit]") {
  const auto seed = static_cast<unsigned>(Catch::rngSeed());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  HistogramFitter fitter;
  sdk::BumpArena arena;
  for (int round = 0; round < 500; ++round) {
    std::vector<std::int64_t> counts(random() % 50 + 1);
    for (auto& count : counts) count = static_cast<std::int64_t>(random() % 4);
    const Made made(8, static_cast<std::int32_t>(random() % 2000) - 1000, counts);
    nx_histogram once = made.h;
    nx_histogram steps = made.h;
    const auto target = static_cast<std::int32_t>(random() % 13) - 4;
    REQUIRE(fitter.fit(once, target, 0, arena));
    for (std::int32_t schema = 7; schema >= target; --schema) {
      REQUIRE(fitter.fit(steps, schema, 0, arena));
    }
    REQUIRE(test::read_histogram(once) == test::read_histogram(steps));
  }
}

}  // namespace
}  // namespace narthex::scrape
