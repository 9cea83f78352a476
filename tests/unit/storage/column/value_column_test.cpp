// SPDX-License-Identifier: Apache-2.0
#include "naive_decoder.hpp"

#include "storage/column/value_column.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <random>

namespace narthex::storage::column {
namespace {

using Words = std::vector<std::uint64_t>;

double from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }
Words bits_of(std::span<const double> values) {
  Words words(values.size());
  if (!values.empty()) std::memcpy(words.data(), values.data(), values.size_bytes());
  return words;
}

Words decoded(const Bytes& bytes, std::size_t rows, std::size_t from, std::size_t to,
              const double* reference = nullptr) {
  std::vector<double> out(to - from);
  const Status status = decode_values(bytes, rows, from, to, reference, out.data());
  INFO(status.message());
  REQUIRE(status.ok());
  return bits_of(out);
}

// Encodes, then reads with both decoders, whole and in random ranges. Returns the size.
std::size_t round_trip(const std::vector<double>& values, std::mt19937_64& random) {
  const auto scratch = std::make_unique<ValueScratch>();
  Bytes bytes;
  const ValueInfo info = encode_values(values, {}, *scratch, bytes);
  const Words expected = bits_of(values);
  REQUIRE(info.reference == kNoReference);
  REQUIRE(decoded(bytes, values.size(), 0, values.size()) == expected);
  REQUIRE(naive_values(bytes, values.size(), {}) == expected);
  for (int i = 0; i < 8; ++i) {
    const std::size_t from = random() % values.size();
    const std::size_t to = from + random() % (values.size() - from + 1);
    REQUIRE(decoded(bytes, values.size(), from, to) ==
            Words(expected.begin() + static_cast<std::ptrdiff_t>(from),
                  expected.begin() + static_cast<std::ptrdiff_t>(to)));
  }
  return bytes.size();
}

std::vector<double> column(std::size_t rows, const std::function<double(std::size_t)>& value) {
  std::vector<double> values(rows);
  for (std::size_t i = 0; i < rows; ++i) values[i] = value(i);
  return values;
}

constexpr std::size_t kRowCounts[] = {1, 2, 3, 5, 127, 128, 129, 255, 256, 300, 640, 1023, 1024};

}  // namespace

TEST_CASE("a value column that stands still or rises evenly for a while comes back", "[column]") {
  std::mt19937_64 random(21);
  for (int round = 0; round < 300; ++round) {
    double unit = static_cast<double>(1 + random() % 1000);
    if (round % 3 == 1) unit /= 1000;
    if (round % 3 == 2) unit *= 0x1p40;
    std::uint64_t count = random() >> (44 + random() % 16);
    std::uint64_t kind = 0;
    round_trip(column(1 + random() % kRowsMax,
                      [&](std::size_t i) {
                        if (i % 256 == 0 || random() % 300 == 0) kind = random() % 10;
                        count += kind == 9 ? random() % 5 : kind / 2;
                        return static_cast<double>(count) * unit;
                      }),
               random);
  }
}

TEST_CASE("a value column of any kind comes back bit for bit", "[column]") {
  std::mt19937_64 random(20);
  for (const std::size_t rows : kRowCounts) {
    CAPTURE(rows);
    double sum = 0;
    const auto unit = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
    round_trip(column(rows, [](auto) { return 17.0; }), random);
    round_trip(column(rows, [](auto) { return -0.0; }), random);
    round_trip(column(rows, [](std::size_t i) { return i % 2 == 0 ? 0.0 : -0.0; }), random);
    round_trip(column(rows, [](std::size_t i) { return static_cast<double>(i) / 100; }), random);
    round_trip(column(rows, [&](auto) { return std::round(unit() * 1e6) / 1000; }), random);
    round_trip(column(rows, [&](auto) { return sum += std::floor(1000 * unit()); }), random);
    round_trip(column(rows, [&](auto) { return sum += unit(); }), random);
    round_trip(column(rows, [&](auto) { return 4096 * std::floor(unit() * 1e7); }), random);
    round_trip(column(rows, [&](auto) { return from_bits(random()); }), random);
    round_trip(column(rows, [&](auto) { return random() % 2 == 0 ? sum : sum = unit(); }), random);
    const auto rare = [&](auto) {
      return random() % 3 == 0 ? sum += 1000 * (random() % 999) : sum;
    };
    round_trip(column(rows, rare), random);
    round_trip(column(rows, [&](auto) { return unit() - 0.5; }), random);
    round_trip(column(rows, [](std::size_t i) { return 1e3 * double(i) * double(i); }), random);
    round_trip(column(rows, [&](auto) { return std::floor(unit() * 0x1p60); }), random);
    round_trip(column(rows, [](std::size_t i) { return 0x1p53 + 2 * double(i); }), random);
    round_trip(column(rows, [](std::size_t i) { return double(i < 700 ? i * 9 : i); }), random);
  }
}

TEST_CASE("NaN payloads, infinities, denormals and extremes survive among decimals", "[column]") {
  const double odd[] = {from_bits(NX_STALE_NAN_BITS),
                        from_bits(NX_NORMAL_NAN_BITS),
                        from_bits(0xfff8000000000000),
                        from_bits(0x7fffffffffffffff),
                        from_bits(0xfff0000000000001),
                        std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(),
                        std::numeric_limits<double>::denorm_min(),
                        -0.0,
                        std::numeric_limits<double>::max(),
                        -std::numeric_limits<double>::max(),
                        0x1p63,
                        -0x1p63,
                        0x1p62 + 0x1p20,
                        0x1p53,
                        -0x1p51,
                        0x1p51 - 1,
                        1e300};
  std::mt19937_64 random(21);
  for (int round = 0; round < 400; ++round) {
    const std::size_t rows = kRowCounts[random() % std::size(kRowCounts)];
    const std::uint64_t rarity = std::uint64_t{1} << (random() % 10);
    double counter = 0;
    std::vector<double> values = column(rows, [&](auto) { return counter += random() % 50; });
    for (double& v : values) {
      if (random() % rarity == 0) v = odd[random() % std::size(odd)];
    }
    CAPTURE(round, rows, rarity);
    round_trip(values, random);
  }
}

TEST_CASE("integers and decimals of few bits take few bytes", "[column]") {
  std::mt19937_64 random(22);
  CHECK(round_trip(column(1024, [](auto) { return 1.0; }), random) <= 3);
  CHECK(round_trip(column(1024, [](auto) { return 0.5; }), random) <= 4);
  CHECK(round_trip(column(1024, [](std::size_t i) { return 15.0 * double(i); }), random) < 32);
  CHECK(round_trip(column(1024, [&](auto) { return double(random() % 16); }), random) < 560);
  CHECK(round_trip(column(1024, [&](auto) { return 4096.0 * (random() % 16); }), random) < 560);
  CHECK(round_trip(column(1024, [&](auto) { return double(random() % 16) / 100; }), random) < 560);
  // Half of the values repeat the one before, which takes a bit each.
  double noise = 0;
  const auto half = [&](auto) {
    return random() % 2 == 0 ? noise : noise = static_cast<double>(random()) * 0x1p-64;
  };
  CHECK(round_trip(column(1024, half), random) < 1024 * 4);
  // A reset, and a marker at the end, cost some bytes and not a wider column.
  double counter = 1e9;
  std::vector<double> reset = column(1024, [&](std::size_t i) {
    if (i == 500) counter = 0;
    return counter += random() % 16;
  });
  reset.back() = from_bits(NX_STALE_NAN_BITS);
  CHECK(round_trip(reset, random) < 640);
}

TEST_CASE("a column may be the difference to another one", "[column]") {
  std::mt19937_64 random(23);
  const auto scratch = std::make_unique<ValueScratch>();
  for (const std::size_t rows : {200, 1024}) {
    double low = 0;
    double all = 0;
    std::vector<double> bucket(rows);
    std::vector<double> count(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      low += random() % 100;
      all += random() % 2;
      bucket[i] = low;
      count[i] = low + all;
    }
    count[7] = from_bits(NX_STALE_NAN_BITS);
    bucket[9] = from_bits(NX_STALE_NAN_BITS);
    const std::vector<double> other(rows, 0.25);
    const std::span<const double> candidates[] = {other, bucket};
    Bytes bytes;
    const ValueInfo info = encode_values(count, candidates, *scratch, bytes);
    REQUIRE(info.reference == 1);
    CHECK(needs_reference(bytes));
    CHECK(decoded(bytes, rows, 0, rows, bucket.data()) == bits_of(count));
    CHECK(naive_values(bytes, rows, bits_of(bucket)) == bits_of(count));
    CHECK(decoded(bytes, rows, 150, 190, bucket.data() + 150) ==
          bits_of(std::span(count).subspan(150, 40)));
    std::vector<double> out(rows);
    CHECK(!decode_values(bytes, rows, 0, rows, nullptr, out.data()).ok());
  }
}

TEST_CASE("flags say what a column never does", "[column]") {
  const double stale = from_bits(NX_STALE_NAN_BITS);
  const double nan = from_bits(NX_NORMAL_NAN_BITS);
  CHECK(column_flags(std::vector<double>{1, 2, 2, 3}) == NX_COL_MONOTONE);
  CHECK(column_flags(std::vector<double>{2, 2}) == (NX_COL_MONOTONE | NX_COL_CONST));
  CHECK(column_flags(std::vector<double>{2, 1}) == 0);
  CHECK(column_flags(std::vector<double>{1, stale, 2}) == (NX_COL_MONOTONE | NX_COL_STALE));
  CHECK(column_flags(std::vector<double>{2, stale, 1}) == NX_COL_STALE);
  CHECK(column_flags(std::vector<double>{1, nan, 2}) == 0);
  CHECK(column_flags(std::vector<double>{0.0, -0.0}) == NX_COL_MONOTONE);
  CHECK(column_flags(std::vector<double>{stale}) ==
        (NX_COL_CONST | NX_COL_STALE | NX_COL_MONOTONE));
}

TEST_CASE("damaged value columns are errors or values, never more", "[column]") {
  std::mt19937_64 random(24);
  const auto scratch = std::make_unique<ValueScratch>();
  Bytes bytes;
  double counter = 0;
  const std::vector<double> values = column(500, [&](auto) { return counter += random() % 90; });
  (void)encode_values(values, {}, *scratch, bytes);
  std::vector<double> out(kRowsMax);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!decode_values({bytes.data(), size}, 500, 0, 500, nullptr, out.data()).ok());
  }
  for (int round = 0; round < 20000; ++round) {
    Bytes broken = bytes;
    broken[random() % (round % 2 == 0 ? 24 : broken.size())] = static_cast<std::uint8_t>(random());
    (void)decode_values(broken, 500, 0, 500, values.data(), out.data());
  }
}

}  // namespace narthex::storage::column
