// SPDX-License-Identifier: Apache-2.0
// Values that are read several at a time are those that are read one by one, whatever the codes.
#include "storage/wal/value_reader.hpp"

#include <narthex/data.h>

#include <catch2/catch.hpp>

#include <bit>
#include <limits>
#include <random>
#include <vector>

namespace narthex::storage::wal {
namespace {

std::uint64_t as_bits(double v) { return std::bit_cast<std::uint64_t>(v); }

// Stretches of one kind, as series are, with odd values between.
std::vector<std::uint64_t> some_values(std::mt19937_64& random, std::size_t count) {
  std::vector<std::uint64_t> out;
  double v = 0;
  double scale = 1;
  while (out.size() < count) {
    if (random() % 40 == 0) scale = std::pow(10.0, static_cast<double>(random() % 9));
    if (random() % 60 == 0) v = static_cast<double>(static_cast<std::int64_t>(random() >> 9));
    switch (random() % 24) {
      case 0:
        out.push_back(NX_STALE_NAN_BITS);
        break;
      case 1:
        out.push_back(as_bits(-0.0));
        break;
      case 2:
        out.push_back(as_bits(v / 7));
        break;
      case 3:
        out.push_back(as_bits(std::numeric_limits<double>::infinity()));
        break;
      case 4:
        out.push_back(random());
        break;
      case 5:
        if (!out.empty()) out.push_back(out.back());
        break;
      default:
        v += static_cast<double>(static_cast<std::int64_t>(random() % 2000) - 900) / scale;
        out.push_back(as_bits(v));
    }
  }
  return out;
}

struct Packed {
  Bytes bytes;
  std::uint64_t last = 0;
  std::uint8_t exponent = 0;
};

Packed pack(const std::vector<std::uint64_t>& values) {
  Packed packed;
  ValueWriter writer;
  writer.clear();
  writer.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % 64 == 0) {
      writer.mark_key();
      writer.put_key(values[i], packed.last, packed.exponent);
    } else {
      writer.put(values[i], packed.last, packed.exponent);
    }
  }
  writer.write(packed.bytes);
  return packed;
}

// As many as can be read one by one.
std::vector<std::uint64_t> one_by_one(const Bytes& bytes, std::size_t most) {
  std::vector<std::uint64_t> out;
  ValueReader reader;
  ByteReader in(bytes);
  std::uint64_t last = 0;
  std::uint8_t exponent = 0;
  if (!reader.open(in)) return out;
  while (out.size() < most && reader.next(last, exponent) != ValueReader::Got::kBad) {
    out.push_back(last);
  }
  return out;
}

void compare(const Bytes& bytes, std::size_t count, std::mt19937_64& random) {
  const std::vector<std::uint64_t> expected = one_by_one(bytes, count);
  ValueReader reader;
  ByteReader in(bytes);
  if (!reader.open(in)) return;
  ValueCursor skipping = reader;
  std::uint64_t last = 0;
  std::uint8_t exponent = 0;
  std::vector<std::uint64_t> found;
  while (found.size() < count) {
    const std::size_t some = 1 + random() % std::min<std::size_t>(count - found.size(), 150);
    const bool whole = found.size() + some <= expected.size();
    std::vector<std::uint64_t> part(some);
    REQUIRE(reader.take(part, last, exponent) == whole);
    if (!whole) return;
    found.insert(found.end(), part.begin(), part.end());
    REQUIRE(last == found.back());
    REQUIRE(skipping.skip(some));
    REQUIRE(skipping.codes_left() == reader.codes_left());
    REQUIRE(skipping.position() == reader.position());
  }
  REQUIRE(found == expected);
  REQUIRE(skipping.done() == reader.done());
}

TEST_CASE("values come back several at a time", "[wal]") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    const std::vector<std::uint64_t> values = some_values(random, 1 + random() % 900);
    const Packed packed = pack(values);
    REQUIRE(one_by_one(packed.bytes, values.size()) == values);
    compare(packed.bytes, values.size(), random);
  }
}

TEST_CASE("bytes that no writer wrote are read alike, or refused alike", "[wal]") {
  std::mt19937_64 random(12);
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t count = 1 + random() % 100;
    Bytes bytes = pack(some_values(random, count)).bytes;
    for (auto hits = 1 + random() % 4; hits > 0; --hits) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 1));
    compare(bytes, count, random);
  }
}

}  // namespace
}  // namespace narthex::storage::wal
