// SPDX-License-Identifier: Apache-2.0
#include "blocks/bits.hpp"
#include "blocks/chunk.hpp"
#include "blocks/crc32c.hpp"
#include "tests/support/collect_sink.hpp"
#include "tests/support/histogram_maker.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace narthex::blocks {
namespace {

constexpr std::uint64_t kSeed = 20240131;

std::vector<std::string> texts_of(const SampleView& samples, bool with_hints) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    out.push_back(std::to_string(samples.t[i]) + " " + test::row_text(samples, i, with_hints));
  }
  return out;
}

// Through chunks and back.
std::vector<std::string> round_trip(const SampleView& samples, std::size_t* chunks = nullptr) {
  Samples out;
  const std::vector<EncodedChunk> encoded = encode_chunks(samples);
  for (const EncodedChunk& chunk : encoded) {
    CHECK(chunk.samples <= kChunkSamplesMax);
    const Status decoded = decode_chunk(static_cast<std::uint8_t>(chunk.encoding), chunk.data, out);
    CHECK(decoded.message() == "");
  }
  if (chunks != nullptr) *chunks = encoded.size();
  return texts_of(out.view(), false);
}

double random_value(std::mt19937_64& random) {
  switch (random() % 6) {
    case 0:
      return std::bit_cast<double>(random());  // any bits, NaNs with payloads too
    case 1:
      return std::bit_cast<double>(NX_STALE_NAN_BITS);
    case 2:
      return 0;
    case 3:
      return static_cast<double>(random() % 100) / 10;
    default:
      return 42;
  }
}

TEST_CASE("the checksum is the one of RFC 3720, by instruction and by table", "[blocks]") {
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(table_crc32c("123456789") == 0xE3069283);
  CHECK(crc32c("456789", crc32c("123")) == 0xE3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
}

TEST_CASE("numbers of variable width come back, at every border", "[blocks]") {
  std::vector<std::int64_t> numbers = {0, INT64_MIN, INT64_MAX};
  for (unsigned bit = 0; bit < 63; ++bit) {
    for (const std::int64_t near : {-1, 0, 1}) {
      numbers.push_back((std::int64_t{1} << bit) + near);
      numbers.push_back(-(std::int64_t{1} << bit) + near);
    }
  }
  BitWriter out;
  for (const std::int64_t n : numbers) {
    out.varbit_int(n);
    out.varbit_uint(static_cast<std::uint64_t>(n));
    out.varint(n);
    out.uvarint(static_cast<std::uint64_t>(n));
  }
  const std::string bytes = out.take();
  BitReader in(bytes);
  for (const std::int64_t n : numbers) {
    CHECK(in.varbit_int() == n);
    CHECK(in.varbit_uint() == static_cast<std::uint64_t>(n));
    CHECK(in.varint() == n);
    CHECK(in.uvarint() == static_cast<std::uint64_t>(n));
  }
  CHECK_FALSE(in.failed());
  in.bits(8);
  CHECK(in.failed());
}

TEST_CASE("floats come back bit for bit, whatever the times", "[blocks]") {
  INFO("seed " << kSeed);
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    Samples samples;
    std::int64_t t = static_cast<std::int64_t>(random()) / 4;
    const std::size_t count = 1 + random() % 400;
    for (std::size_t i = 0; i < count; ++i) {
      t += 1 + static_cast<std::int64_t>(random() % 4 == 0 ? random() % 10'000'000 : 14'999);
      samples.add(t, random_value(random));
    }
    CHECK(round_trip(samples.view()) == texts_of(samples.view(), false));
  }
}

TEST_CASE("histograms of every kind come back, staleness and resets too", "[blocks]") {
  INFO("seed " << kSeed);
  std::mt19937_64 random(kSeed);
  for (const bool is_float : {false, true}) {
    for (const bool custom : {false, true}) {
      test::HistogramMaker maker(is_float, custom);
      Samples samples;
      for (std::int64_t t = 0; t < 300; ++t) {
        if (t == 150) maker.reset();
        nx_histogram h = maker.next(random);
        if (t == 200) {
          h = nx_histogram{};
          h.is_float = is_float ? 1 : 0;
          h.sum = std::bit_cast<double>(NX_STALE_NAN_BITS);
        }
        samples.add_copy(t * 15'000 + static_cast<std::int64_t>(random() % 100), h);
      }
      std::size_t chunks = 0;
      CHECK(round_trip(samples.view(), &chunks) == texts_of(samples.view(), false));
      CHECK(chunks == 4);  // 120, 30 up to the reset, 51 up to the stale one, 99
    }
  }
}

TEST_CASE("a chunk holds one kind: a series may change between floats and histograms", "[blocks]") {
  std::mt19937_64 random(kSeed);
  test::HistogramMaker maker(false, false);
  Samples samples;
  for (std::int64_t t = 0; t < 60; ++t) {
    if (t / 10 % 2 == 0) {
      samples.add(t, static_cast<double>(t));
    } else {
      samples.add_copy(t, maker.next(random));
    }
  }
  std::size_t chunks = 0;
  CHECK(round_trip(samples.view(), &chunks) == texts_of(samples.view(), false));
  CHECK(chunks == 6);
}

TEST_CASE("gauge histograms may fall, and say so", "[blocks]") {
  std::mt19937_64 random(kSeed);
  test::HistogramMaker maker(false, false);
  Samples samples;
  for (std::int64_t t = 0; t < 20; ++t) {
    if (t % 3 == 0) maker.reset();
    nx_histogram h = maker.next(random);
    h.reset_hint = NX_RESET_GAUGE;
    samples.add_copy(t, h);
  }
  const std::vector<EncodedChunk> chunks = encode_chunks(samples.view());
  REQUIRE(chunks.size() == 1);
  Samples out;
  REQUIRE(decode_chunk(2, chunks[0].data, out).ok());
  CHECK(texts_of(out.view(), true) == texts_of(samples.view(), true));
}

TEST_CASE("a chunk that was cut or changed anywhere fails or yields what it can", "[blocks]") {
  std::mt19937_64 random(kSeed);
  test::HistogramMaker integers(false, true), floats(true, false);
  Samples samples;
  for (std::int64_t t = 0; t < 30; ++t) samples.add(t * 1000, random_value(random));
  for (std::int64_t t = 30; t < 60; ++t) samples.add_copy(t * 1000, integers.next(random));
  for (std::int64_t t = 60; t < 90; ++t) samples.add_copy(t * 1000, floats.next(random));
  for (const EncodedChunk& chunk : encode_chunks(samples.view())) {
    const auto encoding = static_cast<std::uint8_t>(chunk.encoding);
    for (std::size_t cut = 0; cut < chunk.data.size(); ++cut) {
      Samples out;
      const Status decoded =
          decode_chunk(encoding, std::string_view(chunk.data).substr(0, cut), out);
      CHECK((!decoded.ok() && out.size() < chunk.samples));
      std::string changed = chunk.data;
      changed[cut] = static_cast<char>(changed[cut] ^ (1 << random() % 8));
      Samples other;
      (void)decode_chunk(encoding, changed, other).ok();
      CHECK(other.size() <= 65'535);
    }
  }
  Samples out;
  CHECK(decode_chunk(9, "abc", out).code() == NX_ERR_UNSUPPORTED);
}

}  // namespace
}  // namespace narthex::blocks
