// SPDX-License-Identifier: Apache-2.0
#include "naive_decoder.hpp"

#include "storage/column/time_column.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <random>

namespace narthex::storage::column {
namespace {

using Words = std::vector<std::uint64_t>;

void round_trip(const Words& m, std::mt19937_64& random) {
  const auto scratch = std::make_unique<IntegerScratch>();
  for (const Effort effort : {Effort::kSample, Effort::kThorough}) {
    Bytes bytes;
    encode_integers(m, effort, *scratch, bytes);
    const std::size_t size = bytes.size();
    bytes.push_back(0xEE);  // the next column
    REQUIRE(naive_integers(bytes, m.size()) == m);
    const std::size_t from = random() % m.size();
    const std::size_t to = from + random() % (m.size() - from + 1);
    Words out(m.size());
    ByteReader whole(bytes);
    REQUIRE(decode_integers(whole, m.size(), 0, m.size(), out.data()).ok());
    REQUIRE(out == m);
    REQUIRE(whole.position() == size);
    ByteReader part(bytes);
    REQUIRE(decode_integers(part, m.size(), from, to, out.data()).ok());
    REQUIRE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(to - from),
                       m.begin() + static_cast<std::ptrdiff_t>(from)));
    REQUIRE(part.position() == size);
  }
}

std::size_t time_bytes(const std::vector<std::int64_t>& times) {
  const auto scratch = std::make_unique<IntegerScratch>();
  Bytes bytes;
  encode_times(times, *scratch, bytes);
  std::vector<std::int64_t> out(times.size());
  REQUIRE(decode_times(bytes, times.size(), 0, times.size(), out.data()).ok());
  REQUIRE(out == times);
  return bytes.size();
}

}  // namespace

TEST_CASE("integers of any size and pattern come back", "[column]") {
  std::mt19937_64 random(30);
  for (const std::size_t rows : {1, 2, 3, 4, 100, 127, 128, 129, 500, 896, 1023, 1024}) {
    for (unsigned width = 0; width <= 64; ++width) {
      CAPTURE(rows, width);
      const std::uint64_t mask = width == 0 ? 0 : ~std::uint64_t{0} >> (64 - width);
      Words m(rows);
      for (auto& v : m) v = random() & mask;
      round_trip(m, random);
      for (std::size_t i = 1; i < rows; ++i) m[i] += m[i - 1];
      round_trip(m, random);
      for (std::size_t i = 1; i < rows; ++i) m[i] += m[i - 1];
      round_trip(m, random);
      for (auto& v : m) v *= 1000;
      round_trip(m, random);
      for (auto& v : m) v = random() % 40 == 0 ? random() : v;
      round_trip(m, random);
    }
    Words extremes(rows);
    for (auto& v : extremes) v = random() % 2 == 0 ? std::uint64_t(INT64_MIN) : INT64_MAX;
    round_trip(extremes, random);
  }
}

TEST_CASE("time columns take what their jitter takes", "[column]") {
  std::mt19937_64 random(31);
  std::normal_distribution<double> jitter(0, 3);
  std::vector<std::int64_t> exact;
  std::vector<std::int64_t> jittered;
  std::vector<std::int64_t> gaps;
  for (std::int64_t i = 0; i < 1024; ++i) {
    exact.push_back(1'700'000'000'123 + i * 15'000);
    jittered.push_back(exact.back() + std::lround(jitter(random)));
    if (i % 200 != 7) gaps.push_back(exact.back());
  }
  CHECK(time_bytes(exact) < 32);
  CHECK(time_bytes(gaps) < 80);
  CHECK(static_cast<double>(time_bytes(jittered)) * 8 / 1024 < 5.0);
  CHECK(time_bytes({INT64_MIN, -1, 0, INT64_MAX}) < 60);
  CHECK(time_bytes({42}) <= 3);
}

TEST_CASE("times that do not ascend are damage", "[column]") {
  const auto scratch = std::make_unique<IntegerScratch>();
  Bytes bytes;
  const std::uint64_t m[] = {5, 5, 7};
  encode_integers(m, Effort::kThorough, *scratch, bytes);
  std::int64_t out[3];
  CHECK(!decode_times(bytes, 3, 0, 3, out).ok());
  CHECK(decode_times(bytes, 3, 1, 3, out).ok());
}

void compare(const Kernels& fast, const Kernels& plain) {
  std::mt19937_64 random(32);
  for (unsigned width = 1; width <= kWidthMax; ++width) {
    std::uint64_t v[kBlockRows];
    for (auto& value : v) value = random();
    Bytes a(packed_block_size(width));
    Bytes b = a;
    fast.pack(v, width, a.data());
    plain.pack(v, width, b.data());
    REQUIRE(a == b);
    Words x(kBlockRows);
    Words y(kBlockRows);
    fast.unpack(a.data(), width, x.data());
    plain.unpack(a.data(), width, y.data());
    REQUIRE(x == y);
    for (std::size_t i = 0; i < kBlockRows; ++i) {
      REQUIRE(x[i] == (v[i] & (~std::uint64_t{0} >> (kWidthMax - width))));
    }
    double p[kBlockRows];
    double q[kBlockRows];
    fast.to_wide(v, width, 1000, p);
    plain.to_wide(v, width, 1000, q);
    REQUIRE(std::memcmp(p, q, sizeof p) == 0);
    for (std::size_t i = 0; i < kBlockRows; ++i) {
      REQUIRE(p[i] == static_cast<double>(static_cast<std::int64_t>(v[i] + width)) / 1000);
    }
    std::memcpy(p, v, sizeof p);
    REQUIRE(fast.from_decimals(p, 10, x.data()) == plain.from_decimals(p, 10, y.data()));
    x.assign(kBlockRows, 1);
    y = x;
    fast.add_reference(x.data(), p);
    plain.add_reference(y.data(), p);
    fast.add_line(x.data(), 256, v[0] >> 20);
    plain.add_line(y.data(), 256, v[0] >> 20);
    fast.multiply(x.data(), v[1]);
    plain.multiply(y.data(), v[1]);
    REQUIRE(x == y);
    fast.running_sum(x.data(), v[2], v[3]);
    plain.running_sum(y.data(), v[2], v[3]);
    REQUIRE(x == y);
    std::uint64_t sum = v[2];
    fast.unpack(a.data(), width, y.data());
    for (std::uint64_t& value : y) value = sum += v[3] + value;
    fast.unpack(a.data(), width, x.data());
    fast.running_sum(x.data(), v[2], v[3]);
    REQUIRE(x == y);
    fast.progression(x.data(), v[2], v[3]);
    plain.progression(y.data(), v[2], v[3]);
    REQUIRE(x == y);
    REQUIRE(x[2] == v[2] + 3 * v[3]);
    for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, std::size_t{64 + width}}) {
      std::size_t ones = 0;
      for (std::size_t i = 0; i < rows; ++i) ones += v[i / 64] >> (i % 64) & 1;
      REQUIRE(fast.ones_before(v, rows) == ones);
      REQUIRE(plain.ones_before(v, rows) == ones);
      fast.fill(p, rows % kBlockRows, 7);
      REQUIRE(std::count(p, p + rows % kBlockRows, 7.0) ==
              static_cast<std::ptrdiff_t>(rows % kBlockRows));
    }
    std::int64_t bounds[4];
    fast.bounds(v, &bounds[0], &bounds[1]);
    plain.bounds(v, &bounds[2], &bounds[3]);
    REQUIRE(bounds[0] == bounds[2]);
    REQUIRE(bounds[1] == bounds[3]);
  }
}

TEST_CASE("all sets of kernels do the same", "[column]") {
  for (const Kernels* fast : kernel_sets()) compare(*fast, *kernel_sets().front());
}

// An integer below 2^51 whose quotient lies next to the middle between two doubles.
std::uint64_t hard_to_divide(std::mt19937_64& random, std::uint64_t by) {
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t odd = 2 * ((std::uint64_t{1} << 52) | random() >> 12) + 1;
  const auto shift =
      static_cast<unsigned>(std::bit_width(by) + 3 + static_cast<int>(random() % 40));
  return static_cast<std::uint64_t>(Wide{odd} * by >> shift) + random() % 3;
}

TEST_CASE("a decimal is divided as the processor divides", "[column]") {
  std::mt19937_64 random(35);
  double power = 1;
  for (unsigned exponent = 1; exponent <= 14; ++exponent) {
    power *= 10;
    for (int round = 0; round < 2'000; ++round) {
      std::uint64_t v[kBlockRows];
      for (std::size_t i = 0; i < kBlockRows; i += 2) {
        v[i] = random() >> (13 + random() % 50);
        v[i + 1] = hard_to_divide(random, static_cast<std::uint64_t>(power));
      }
      for (const Kernels* set : kernel_sets()) {
        double out[kBlockRows];
        set->to_narrow(v, 0, power, out);
        for (std::size_t i = 0; i < kBlockRows; ++i) {
          if (out[i] != static_cast<double>(v[i]) / power) FAIL(v[i] << " / " << power);
        }
      }
    }
  }
}

TEST_CASE("one value is converted as a block of them is", "[column]") {
  std::mt19937_64 random(33);
  for (unsigned exponent = 0; exponent <= 14; ++exponent) {
    const double power = std::pow(10.0, exponent);
    std::uint64_t v[kBlockRows];
    for (auto& value : v) value = random() >> (random() % 64);
    double out[kBlockRows];
    kernels().to_wide(v, 17, power, out);
    for (std::size_t i = 0; i < kBlockRows; ++i) REQUIRE(out[i] == wide_value(17 + v[i], power));
    for (auto& value : v) value = value % (std::uint64_t{1} << 51) - (std::uint64_t{1} << 50);
    kernels().to_narrow(v, 17, power, out);
    for (std::size_t i = 0; i < kBlockRows; ++i) REQUIRE(out[i] == narrow_value(17 + v[i], power));
  }
}

TEST_CASE("integers that stand still or rise evenly for a while survive", "[column]") {
  std::mt19937_64 random(34);
  for (int round = 0; round < 300; ++round) {
    Words m(1 + random() % kRowsMax);
    const std::uint64_t unit = 1 + random() % 1000;
    std::uint64_t value = random() >> (random() % 60);
    std::uint64_t kind = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
      if (i % 256 == 0 || random() % 300 == 0) kind = random() % 10;
      value += kind == 9 ? unit * (random() % 5) : unit * (kind / 2);
      m[i] = value;
    }
    round_trip(m, random);
  }
}

}  // namespace narthex::storage::column
