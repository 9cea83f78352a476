// SPDX-License-Identifier: Apache-2.0
// Rows and samples come back bit for bit, whatever the values; cut or changed they are malformed.
#include "support/record_book.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

namespace narthex::storage::wal {
namespace {

using test::RecordBook;

constexpr auto kRowType = static_cast<std::uint8_t>(RecordType::kRow);
constexpr auto kSamplesType = static_cast<std::uint8_t>(RecordType::kSamples);

std::uint64_t bits_from(double value) { return std::bit_cast<std::uint64_t>(value); }

std::vector<std::uint64_t> odd_values() {
  std::vector<std::uint64_t> values{0,
                                    1,
                                    std::uint64_t{1} << 63,
                                    NX_STALE_NAN_BITS,
                                    NX_NORMAL_NAN_BITS,
                                    ~std::uint64_t{0},
                                    0x7ff0000000000001,
                                    0xfff0000000000002};
  for (const double v : {1.0,
                         -1.0,
                         0.1,
                         -0.1,
                         1e12,
                         1e15,
                         0x1p51,
                         0x1p51 - 1,
                         0x1p53,
                         1e300,
                         -1e300,
                         1e-300,
                         0.123456789012,
                         0.1234567890123,
                         2251.799813685,
                         1.5e-12,
                         std::numeric_limits<double>::infinity(),
                         -std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::denorm_min(),
                         std::numeric_limits<double>::max(),
                         9007199254740993.0,
                         1.7e18}) {
    values.push_back(bits_from(v));
  }
  return values;
}

// A value that follows: the same, near, of another scale, or anything.
std::uint64_t follow(std::mt19937_64& random, std::uint64_t bits) {
  const auto odd = odd_values();
  const auto v = std::bit_cast<double>(bits);
  switch (random() % 12) {
    case 0:
      return odd[random() % odd.size()];
    case 1:
      return random();
    case 2:
      return bits_from(std::round(v * 100 + static_cast<double>(random() % 1000)) / 100);
    case 3:
      return bits_from(static_cast<double>(random() % 1'000'000) / 1e6);
    case 4:
      return bits_from(v - static_cast<double>(random() % 100'000));
    case 5:
      return bits_from(v * 1.0000001);
    case 6:
    case 7:
      return bits_from(v + 1);
    default:
      return bits;
  }
}

TEST_CASE("any value follows any other in a row", "[wal]") {
  const auto values = odd_values();
  RecordBook book;
  RecordReader reader(book);
  std::vector<RecordBook::Row> expected;
  RowState state;
  for (const std::uint64_t first : values) {
    for (const bool key : {false, true}) {
      if (key) state.invalidate();
      const std::vector<std::uint64_t> firsts(values.size(), first);
      for (const auto* row : {&firsts, &values}) {
        Bytes payload;
        const std::int64_t t = expected.size() % 3 == 0 ? std::numeric_limits<std::int64_t>::min()
                                                        : std::numeric_limits<std::int64_t>::max();
        encode_row(~std::uint64_t{0}, t, *row, nullptr, 1, state, payload);
        expected.push_back(RecordBook::plain_row(~std::uint64_t{0}, t, *row, nullptr));
        reader.read(1, kRowType, payload);
      }
    }
  }
  REQUIRE(book.rows == expected);
  REQUIRE(reader.figures().malformed_records == 0);
  REQUIRE(reader.figures().samples == expected.size() * values.size());
}

TEST_CASE("random rows of any width and presence come back", "[wal]") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 60; ++round) {
    const std::size_t width = round < 3 ? static_cast<std::size_t>(round) : random() % 400;
    RecordBook book;
    RecordReader reader(book);
    std::vector<RecordBook::Row> expected;
    RowState state;
    std::vector<std::uint64_t> bits(width, 0);
    for (int r = 0; r < 150; ++r) {
      const unsigned change_one_in = 1 + static_cast<unsigned>(random() % 40);
      for (std::uint64_t& b : bits) {
        if (random() % change_one_in == 0) b = follow(random, b);
      }
      std::vector<std::uint64_t> present(width / 64 + 1, ~std::uint64_t{0});
      const auto share = random() % 4;
      for (std::uint64_t& word : present) {
        for (auto i = share; i > 0; --i) word &= random();
        if (share == 3) word &= random() & random();
      }
      const std::uint64_t* there = r % 3 == 0 ? nullptr : present.data();
      Bytes payload;
      encode_row(7, 1000 * r + static_cast<std::int64_t>(random() % 3), bits, there,
                 1 + static_cast<std::uint64_t>(r) / 100, state, payload);
      reader.read(1, kRowType, payload);
      expected.push_back(RecordBook::plain_row(7, 0, bits, there));
    }
    REQUIRE(book.rows.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      REQUIRE(book.rows[i].bits == expected[i].bits);
    REQUIRE(reader.figures().malformed_records == 0);
  }
}

TEST_CASE("a delta row is dropped after a gap until the next key", "[wal]") {
  RecordBook book;
  RecordReader reader(book);
  RowState state;
  std::vector<std::uint64_t> bits(10, bits_from(5));
  std::vector<Bytes> payloads(200);
  for (std::size_t r = 0; r < payloads.size(); ++r) {
    bits[r % 10] = bits_from(static_cast<double>(r));
    encode_row(1, static_cast<std::int64_t>(r), bits, nullptr, 1, state, payloads[r]);
  }
  for (std::size_t r = 0; r < payloads.size(); ++r) {
    if (r != 20) reader.read(1, kRowType, payloads[r]);
  }
  REQUIRE(book.rows.size() == 200 - 44);
  REQUIRE(reader.figures().dropped_samples == 43 * 10);
  REQUIRE(book.rows[20].t == 64);
  // Another segment: nothing of the one before holds, unless it carries.
  reader.begin_segment({2, 0, {}, true});
  Bytes next;
  encode_row(1, 200, bits, nullptr, 1, state, next);
  reader.read(2, kRowType, next);
  REQUIRE(book.rows.back().t == 200);
  reader.begin_segment({3, 0, {}, false});
  next.clear();
  encode_row(1, 201, bits, nullptr, 1, state, next);
  reader.read(3, kRowType, next);
  REQUIRE(book.rows.back().t == 200);
}

TEST_CASE("a row that is invalidated, or of another width, is a key", "[wal]") {
  RecordBook book;
  RecordReader reader(book);
  RowState state;
  std::vector<std::uint64_t> bits(10, bits_from(5));
  const auto write = [&](bool lost) {
    Bytes payload;
    encode_row(1, 1, bits, nullptr, 1, state, payload);
    if (!lost) reader.read(1, kRowType, payload);
  };
  write(false);
  write(true);
  state.invalidate();
  write(false);
  bits.resize(70, 3);
  write(false);
  REQUIRE(book.rows.size() == 3);
  REQUIRE(book.rows.back().bits.size() == 70);
}

struct Stream {
  SamplesStream stream;
  SamplesEncoder encoder;
  std::vector<SampleState> states = std::vector<SampleState>(300);
  std::vector<std::uint64_t> last = std::vector<std::uint64_t>(300);
  std::vector<RecordBook::Sample> written;

  Bytes record(std::mt19937_64& random, std::uint64_t generation) {
    encoder.begin(stream, generation);
    const std::size_t refs = 1 + random() % 60;
    const bool equal = random() % 2 == 0;
    const std::size_t length = 1 + random() % 30;
    auto ref = static_cast<std::uint32_t>(random() % 300);
    for (std::size_t i = 0; i < refs; ++i) {
      const std::size_t count = equal ? length : 1 + random() % 5;
      std::int64_t t = static_cast<std::int64_t>(random() % 3 == 0 ? random() : 5000);
      std::vector<std::int64_t> times;
      std::vector<std::uint64_t> values;
      for (std::size_t k = 0; k < count; ++k) {
        last[ref] = follow(random, last[ref]);
        times.push_back(t);
        values.push_back(last[ref]);
        written.push_back({ref, t, last[ref]});
        t = static_cast<std::int64_t>(static_cast<std::uint64_t>(t) +
                                      (random() % 9 == 0 ? random() : 15'000));
      }
      if (random() % 2 == 0) {
        encoder.add_run(ref, times, values, states[ref]);
      } else {
        for (std::size_t k = 0; k < count; ++k) encoder.add(ref, times[k], values[k], states[ref]);
      }
      ref = random() % 3 == 0 ? static_cast<std::uint32_t>(random() % 300) : (ref + 1) % 300;
    }
    Bytes out;
    encoder.finish(out);
    return out;
  }
};

TEST_CASE("random samples and runs by ref come back in their order", "[wal]") {
  std::mt19937_64 random(12);
  Stream stream;
  RecordBook book;
  RecordReader reader(book);
  for (int i = 0; i < 400; ++i) {
    reader.read(1, kSamplesType, stream.record(random, 1 + static_cast<std::uint64_t>(i) / 100));
  }
  REQUIRE(book.sample_list == stream.written);
  REQUIRE(reader.figures().malformed_records == 0);
  REQUIRE(reader.figures().dropped_samples == 0);
}

TEST_CASE("after a lost record each series is dropped until its key", "[wal]") {
  std::mt19937_64 random(13);
  Stream stream;
  RecordBook book;
  RecordReader reader(book);
  for (int i = 0; i < 600; ++i) {
    const std::size_t before = stream.written.size();
    const Bytes payload = stream.record(random, 1);
    if (i % 150 != 149) {
      reader.read(1, kSamplesType, payload);
    } else {
      stream.written.resize(before);
    }
  }
  REQUIRE(reader.figures().dropped_samples > 0);
  REQUIRE(reader.figures().dropped_samples + book.sample_list.size() == stream.written.size());
  REQUIRE(book.sample_list.size() > stream.written.size() / 4);
  std::size_t at = 0;
  for (const RecordBook::Sample& sample : book.sample_list) {
    while (at < stream.written.size() && stream.written[at] != sample) ++at;
    REQUIRE(at++ < stream.written.size());
  }
}

TEST_CASE("a stream that is invalidated keys every series again", "[wal]") {
  RecordBook book;
  RecordReader reader(book);
  SamplesStream stream;
  SamplesEncoder encoder;
  SampleState state;
  for (int i = 0; i < 4; ++i) {
    encoder.begin(stream, 1);
    encoder.add(9, i, bits_from(i), state);
    Bytes payload;
    encoder.finish(payload);
    if (i == 1) {
      stream.invalidate_all();  // it was not appended
    } else {
      reader.read(1, kSamplesType, payload);
    }
  }
  REQUIRE(book.sample_list == std::vector<RecordBook::Sample>{{9, 0, bits_from(0)},
                                                              {9, 2, bits_from(2)},
                                                              {9, 3, bits_from(3)}});
}

TEST_CASE("refs with any stride between them are told apart", "[wal]") {
  for (const std::uint32_t stride : {1u, 16u, 17u, 64u, 4096u, 1u << 20}) {
    SampleTable table;
    for (std::uint32_t i = 0; i < 3000; ++i) table.set(i * stride, i, 0);
    for (std::uint32_t i = 0; i < 3000; ++i) REQUIRE(table.find(i * stride)->bits == i);
    REQUIRE(table.find(3000 * stride) == nullptr);
    table.forget_values();
    REQUIRE(table.find(0) == nullptr);
  }
}

TEST_CASE("a payload that is cut is malformed and tells nothing", "[wal]") {
  std::mt19937_64 random(14);
  Stream stream;
  const Bytes samples = stream.record(random, 1);
  RowState state;
  Bytes row;
  std::vector<std::uint64_t> bits(100);
  for (std::uint64_t& b : bits) b = follow(random, b);
  encode_row(1, 5, bits, nullptr, 1, state, row);
  for (const auto& [type, payload] : {std::pair(kSamplesType, samples), std::pair(kRowType, row)}) {
    for (std::size_t size = 0; size < payload.size(); ++size) {
      RecordBook book;
      RecordReader reader(book);
      reader.read(1, type, ByteView(payload).first(size));
      INFO("type " << int{type} << " size " << size << " of " << payload.size());
      REQUIRE(book.rows.empty());
      REQUIRE(book.sample_list.empty());
      REQUIRE(reader.figures().malformed_records == 1);
    }
  }
}

}  // namespace
}  // namespace narthex::storage::wal
