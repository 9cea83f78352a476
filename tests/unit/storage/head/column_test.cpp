// SPDX-License-Identifier: Apache-2.0
#include "storage/head/bit_pack.hpp"
#include "storage/head/chunk.hpp"
#include "storage/head/late_samples.hpp"
#include "storage/head/value_column.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

namespace narthex::storage::head {
namespace {

std::uint64_t bits_of(double v) { return std::bit_cast<std::uint64_t>(v); }

std::size_t round_trip(const std::vector<std::uint64_t>& values) {
  Bytes bytes;
  encode_values(values, bytes);
  const std::size_t size = bytes.size();
  bytes.resize(size + kSlack);
  std::vector<std::uint64_t> back(values.size());
  decode_values(bytes.data(), values.size(), back.data());
  CHECK(back == values);
  return size;
}

TEST_CASE("constants, integers and short decimals are small", "[memory][column]") {
  std::vector<std::uint64_t> constant(64, bits_of(0.1));
  CHECK(round_trip(constant) == 9);
  std::vector<std::uint64_t> counter, decimal;
  for (int i = 0; i < 64; ++i) {
    counter.push_back(bits_of(1e9 + i * 15 + i % 3));
    decimal.push_back(bits_of((1000 + i % 7) / 100.0));
  }
  CHECK(round_trip(counter) < 40);
  CHECK(round_trip(decimal) < 40);
}

TEST_CASE("every bit of every value survives", "[memory][column]") {
  const std::vector<double> odd = {0.0,
                                   -0.0,
                                   1e300,
                                   -1e300,
                                   5e-324,
                                   0.1,
                                   1.0 / 3,
                                   std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN()};
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::uint64_t> values;
    const std::size_t count = 1 + random() % 128;
    const int kind = static_cast<int>(random() % 6);
    double level = static_cast<double>(random() % 1'000'000);
    for (std::size_t i = 0; i < count; ++i) {
      level += static_cast<double>(random() % 100);
      switch (kind) {
        case 0:
          values.push_back(bits_of(level));
          break;
        case 1:
          values.push_back(bits_of(level / 1000));
          break;
        case 2:
          values.push_back(random());
          break;
        case 3:
          values.push_back(bits_of(odd[random() % odd.size()]));
          break;
        case 4:
          values.push_back(random() % 30 == 0 ? NX_STALE_NAN_BITS : bits_of(level));
          break;
        default:
          values.push_back(bits_of(std::sqrt(level)));
      }
    }
    round_trip(values);
  }
}

TEST_CASE("a chunk gives back its times, also wild ones", "[memory][column]") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    std::vector<Sample> samples;
    std::set<std::int64_t> times;
    const bool wild = round % 5 == 0;
    while (times.size() < 1 + random() % kChunkSamplesMax) {
      times.insert(wild ? static_cast<std::int64_t>(random())
                        : 1'700'000'000'000 + static_cast<std::int64_t>(random() % 10'000'000));
    }
    for (const std::int64_t t : times) samples.push_back({t, random()});
    const Chunk* chunk = Chunk::make(samples);
    std::vector<std::int64_t> t(chunk->count);
    std::vector<std::uint64_t> v(chunk->count);
    chunk->times(t.data());
    chunk->values(v.data());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      REQUIRE(t[i] == samples[i].t);
      REQUIRE(v[i] == samples[i].bits);
    }
    Chunk::free(chunk);
  }
}

TEST_CASE("late samples behave as a map", "[memory][late]") {
  std::mt19937 random(5);
  LateSamples late;
  std::map<std::int64_t, std::uint64_t> map;
  for (int i = 0; i < 5000; ++i) {
    const auto t = static_cast<std::int64_t>(random() % 3000);
    late.put({t, std::uint64_t{random()}, HistogramRef()});
    std::vector<LateSample> just;
    late.copy(t, t, just);
    REQUIRE(just.size() == 1);
    map[t] = just[0].bits;
    if (i % 500 == 0) {
      CHECK(late.erase(t, t + 200) > 0);
      map.erase(map.lower_bound(t), map.upper_bound(t + 200));
    }
  }
  REQUIRE(late.size() == map.size());
  std::vector<LateSample> all;
  late.copy(INT64_MIN, INT64_MAX, all);
  std::size_t i = 0;
  for (const auto& [t, bits] : map) {
    REQUIRE(all[i].t == t);
    REQUIRE(all[i++].bits == bits);
  }
  for (std::int64_t t = 0; t < 3000; t += 7) {
    const LateSample* newest = late.newest(0, t);
    const auto above = map.upper_bound(t);
    REQUIRE((newest == nullptr) == (above == map.begin()));
    if (newest != nullptr) REQUIRE(newest->t == std::prev(above)->first);
  }
}

}  // namespace
}  // namespace narthex::storage::head
