// SPDX-License-Identifier: Apache-2.0
// value_code.hpp - values as the difference to the slot's last logged one, every bit of them.
//
// A slot has an integer m for its last value v: with a decimal exponent e of 0 to 12 the integer
// next to v * 10^e (0 where that is too large), with kBitsExponent the bit pattern. The next value
// is coded as the difference of the integers when m' / 10^e gives it back bit for bit, in a nibble
// that says sign and width and 0 to 56 bits that hold the difference. Both sides compute m from v,
// so that a slot's state is 9 bytes. storage/docs/wal.md has the codes.
//
// Pure but for what the objects hold; used by one thread at a time.
#pragma once

#include "storage/bytes/bytes.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace narthex::storage::wal {

// Of a slot: what was logged last. The first value of a slot is a key.
struct LastValue {
  std::uint64_t bits = 0;
  std::uint8_t exponent = 0;
};

namespace code {

inline constexpr unsigned kBitsExponent = 15;
inline constexpr unsigned kExponentMax = 12;
inline constexpr std::uint8_t kUnchanged = 0;
inline constexpr std::uint8_t kKey = 14;       // then an exponent, then a code on top of 0
inline constexpr std::uint8_t kExponent = 15;  // then an exponent, then a code
inline constexpr std::uint8_t kStale = 13;     // as an exponent: the staleness marker
inline constexpr std::uint8_t kRaw = 14;       // as an exponent: 64 bits follow
inline constexpr std::uint8_t kNone = 255;

struct Row {
  std::uint8_t width;
  bool negative;
};
// Sign and bits of the difference by code, 1 to 13; code 1 is +1.
inline constexpr std::array<Row, 14> kRows{{{0, false},
                                            {0, false},
                                            {4, false},
                                            {8, false},
                                            {12, false},
                                            {20, false},
                                            {28, false},
                                            {44, false},
                                            {56, false},
                                            {4, true},
                                            {8, true},
                                            {20, true},
                                            {36, true},
                                            {56, true}}};

// The code for a difference of a sign and of so many bits.
constexpr std::array<std::array<std::uint8_t, 65>, 2> make_codes() {
  std::array<std::array<std::uint8_t, 65>, 2> table{};
  for (auto& of_sign : table) {
    for (std::uint8_t& entry : of_sign) entry = kNone;
  }
  for (std::size_t c = kRows.size() - 1; c >= 2; --c) {
    for (std::size_t width = 0; width <= kRows[c].width; ++width) {
      table[kRows[c].negative ? 1 : 0][width] = static_cast<std::uint8_t>(c);
    }
  }
  table[0][0] = kUnchanged;
  table[0][1] = 1;
  return table;
}
inline constexpr auto kCodeOf = make_codes();

constexpr std::array<std::uint64_t, 16> make_masks() {
  std::array<std::uint64_t, 16> table{};
  for (std::size_t c = 0; c < kRows.size(); ++c) {
    table[c] = (std::uint64_t{1} << kRows[c].width) - 1;
  }
  return table;
}
inline constexpr auto kMask = make_masks();

inline constexpr std::array<double, 16> kPower{1e0, 1e1, 1e2,  1e3,  1e4,  1e5, 1e6, 1e7,
                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e0, 1e0, 1e0};
inline constexpr double kShift = 0x1.8p52;  // added, it leaves the nearest integer in the low bits
inline constexpr double kIntegerMax = 0x1p51;

inline std::uint64_t integer_of(std::uint64_t bits, unsigned exponent) {
  if (exponent == kBitsExponent) return bits;
  const double scaled = std::bit_cast<double>(bits) * kPower[exponent];
  const std::uint64_t m =
      std::bit_cast<std::uint64_t>(scaled + kShift) - std::bit_cast<std::uint64_t>(kShift);
  return std::fabs(scaled) < kIntegerMax ? m : 0;
}

inline std::uint64_t bits_of(std::uint64_t m, unsigned exponent) {
  if (exponent == kBitsExponent) return m;
  return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(m)) /
                                      kPower[exponent]);
}

// The integers of values that all are decimals of the exponent, bit for bit; false when some is
// not, and for kBitsExponent.
bool integers_of(std::span<const std::uint64_t> bits, unsigned exponent, std::uint64_t* out);
// The values of integers, as bits_of() has them. REQUIRES: for exponents of decimals, sizes below
// 2^51.
void values_of(std::span<const std::uint64_t> m, unsigned exponent, std::uint64_t* out);
// Nibbles as a byte each, two for every byte.
void spread_nibbles(std::span<const std::uint8_t> bytes, std::uint8_t* out);
// The exponent gives the value back from its integer, bit for bit.
inline bool fits(std::uint64_t bits, unsigned exponent) {
  return bits_of(integer_of(bits, exponent), exponent) == bits;
}

}  // namespace code

// Codes as a nibble each and the bits behind them, for one record.
class ValueWriter {
 public:
  // Forgets what it has.
  void clear();
  // Makes room for so many more values: put() and put_key() need it, and do not allocate.
  void reserve(std::size_t values) {
    if (static_cast<std::size_t>(codes_end_ - place_.codes) < values * kCodesMax ||
        static_cast<std::size_t>(bits_end_ - place_.bits) < values * kBytesMax + kSlack) {
      grow(values);
    }
  }

  // Where the next code and its bits go. A loop holds it by itself, so that it stays in registers,
  // and gives it back.
  struct Place {
    std::uint8_t* codes = nullptr;
    std::uint8_t* bits = nullptr;
    std::uint64_t pending = 0;  // bits that fill no byte yet
    unsigned pending_bits = 0;  // 0 or 4 between values

    void emit(std::uint8_t c, std::uint64_t size) {
      *codes++ = c;
      pending |= (size & code::kMask[c]) << pending_bits;
      pending_bits += code::kRows[c].width;
      std::memcpy(bits, &pending, sizeof pending);
      bits += pending_bits >> 3;
      pending >>= pending_bits & 56;
      pending_bits &= 7;
    }
    // Puts a value by its integer, on top of one with another: both stand for their values.
    void put_integer(std::uint64_t m, std::uint64_t last_m) {
      const std::uint64_t difference = m - last_m;
      const std::uint64_t negative = difference >> 63;
      const std::uint64_t size = (difference ^ (0 - negative)) + negative;
      emit(code::kCodeOf[negative][static_cast<unsigned>(std::bit_width(size))], size);
    }
    // Puts a value on top of the last one; false where that takes put_other().
    bool put(std::uint64_t value, std::uint64_t last, unsigned exponent) {
      const std::uint64_t m = code::integer_of(value, exponent);
      const std::uint64_t difference = m - code::integer_of(last, exponent);
      const std::uint64_t negative = difference >> 63;
      const std::uint64_t size = (difference ^ (0 - negative)) + negative;
      const std::uint8_t c = code::kCodeOf[negative][static_cast<unsigned>(std::bit_width(size))];
      const bool exact = code::bits_of(m, exponent) == value;
      if (!exact || c == code::kNone || (c == code::kUnchanged && value != last)) return false;
      emit(c, size);
      return true;
    }
  };
  Place place() const { return place_; }
  void set_place(const Place& place) { place_ = place; }

  // A value on top of the slot's last.
  void put(std::uint64_t bits, std::uint64_t& last, std::uint8_t& exponent) {
    if (!place_.put(bits, last, exponent)) [[unlikely]] {
      put_other(bits, last, exponent);
    }
    last = bits;
  }
  // Several, one on top of the other. REQUIRES: reserve().
  void put_run(std::span<const std::uint64_t> bits, std::uint64_t& last, std::uint8_t& exponent);
  // As put(), where Place::put() has answered false.
  void put_other(std::uint64_t bits, std::uint64_t& last, std::uint8_t& exponent);
  // A value that rests on nothing. The exponent is kept where it fits.
  void put_key(std::uint64_t bits, std::uint64_t& last, std::uint8_t& exponent);
  // What tells put_key()'s from put()'s, where a record has both.
  void mark_key() { *place_.codes++ = code::kKey; }

  // Appends the number of codes, the codes, the bits.
  void write(Bytes& out);

 private:
  static constexpr std::size_t kCodesMax = 5;
  static constexpr std::size_t kBytesMax = 9;
  static constexpr std::size_t kSlack = 16;

  void emit_word(std::uint64_t word);
  void grow(std::size_t values);

  Bytes codes_;
  Bytes bits_;
  Place place_;
  std::uint8_t* codes_end_ = nullptr;
  std::uint8_t* bits_end_ = nullptr;
};

}  // namespace narthex::storage::wal
