// SPDX-License-Identifier: Apache-2.0
// bits.hpp - bit streams of chunks, most significant bit first, and the integers of variable width
// that stand in them (README.md, "Bits"). The reader never leaves its bytes: once something was
// missing it is failed() for good and yields zeros. No thread rules.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace narthex::blocks {

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool failed() const { return failed_; }

  // The next `count` bits, 0 to 64, as an unsigned number.
  std::uint64_t bits(unsigned count) {
    if (count > 56) {
      const std::uint64_t high = bits(count - 32);
      return high << 32 | bits(32);
    }
    if (held_ < count) {
      refill();
      if (held_ < count) return fail();
    }
    if (count == 0) return 0;
    const std::uint64_t out = window_ >> (64 - count);
    window_ <<= count;
    held_ -= count;
    return out;
  }
  bool bit() { return bits(1) != 0; }
  // How many ones come before the next zero, at most `most`; the zero is taken too.
  unsigned ones(unsigned most) {
    if (held_ <= most) refill();
    const auto run = static_cast<unsigned>(std::countl_one(window_));
    const unsigned count = run < most ? run : most;
    const unsigned used = count < most ? count + 1 : count;
    if (used > held_) return static_cast<unsigned>(fail());
    window_ <<= used;
    held_ -= used;
    return count;
  }
  double float64() { return std::bit_cast<double>(bits(64)); }
  // Go's variable-length integers, not aligned to bytes.
  std::uint64_t uvarint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const std::uint64_t next = bits(8);
      if (shift == 63 && next > 1) return fail();
      value |= (next & 0x7F) << shift;
      if (next < 0x80) return value;
    }
    return fail();
  }
  std::int64_t varint() {
    const std::uint64_t folded = uvarint();
    return static_cast<std::int64_t>(folded >> 1 ^ (~(folded & 1) + 1));
  }
  // A number of `width` bits whose range leans to the positive: the upper half less one is
  // negative.
  std::int64_t leaning(unsigned width) {
    const std::uint64_t raw = bits(width);
    if (width == 64 || raw <= std::uint64_t{1} << (width - 1))
      return static_cast<std::int64_t>(raw);
    return static_cast<std::int64_t>(raw - (std::uint64_t{1} << width));
  }
  std::int64_t varbit_int() {
    const unsigned step = ones(8);
    return step == 0 ? 0 : leaning(kVarbitWidths[step]);
  }
  std::uint64_t varbit_uint() { return bits(kVarbitWidths[ones(8)]); }

  // Bits of a varbit number after so many ones.
  static constexpr unsigned kVarbitWidths[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};

 private:
  void refill() {
    if (end_ - at_ >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at_, 8);
      word = __builtin_bswap64(word);
      window_ |= word >> held_;
      const unsigned bytes = (63 - held_) / 8;
      at_ += bytes;
      held_ += bytes * 8;
      // Bits beyond held_ are not ours yet; they come again with the next refill.
      window_ &= ~std::uint64_t{0} << (64 - held_);
      return;
    }
    while (held_ <= 56 && at_ != end_) {
      window_ |= std::uint64_t{static_cast<unsigned char>(*at_++)} << (56 - held_);
      held_ += 8;
    }
  }
  std::uint64_t fail() {
    failed_ = true;
    at_ = end_;
    window_ = 0;
    held_ = 0;
    return 0;
  }

  const char* at_;
  const char* end_;
  std::uint64_t window_ = 0;  // the next bits, at its top
  unsigned held_ = 0;         // how many of them there are
  bool failed_ = false;
};

class BitWriter {
 public:
  // The lowest `count` bits of value, 0 to 64.
  void bits(std::uint64_t value, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        bytes_ += '\0';
        free_ = 8;
      }
      const unsigned take = count < free_ ? count : free_;
      const std::uint64_t part = value >> (count - take) & ((std::uint64_t{1} << take) - 1);
      bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) |
                                        static_cast<unsigned char>(part << (free_ - take)));
      free_ -= take;
      count -= take;
    }
  }
  void float64(double value) { bits(std::bit_cast<std::uint64_t>(value), 64); }
  void uvarint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bits((value & 0x7F) | 0x80, 8);
    bits(value, 8);
  }
  void varint(std::int64_t value) {
    uvarint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void varbit_int(std::int64_t value) {
    unsigned step = 0;
    while (!fits_leaning(value, BitReader::kVarbitWidths[step])) ++step;
    prefix(step, 8);
    bits(static_cast<std::uint64_t>(value), BitReader::kVarbitWidths[step]);
  }
  void varbit_uint(std::uint64_t value) {
    unsigned step = 0;
    while (static_cast<unsigned>(std::bit_width(value)) > BitReader::kVarbitWidths[step]) ++step;
    prefix(step, 8);
    bits(value, BitReader::kVarbitWidths[step]);
  }
  // `ones` ones, and a zero unless there are `most`.
  void prefix(unsigned ones, unsigned most) {
    bits(~std::uint64_t{0}, ones);
    if (ones < most) bits(0, 1);
  }
  static constexpr bool fits_leaning(std::int64_t value, unsigned width) {
    if (width == 0) return value == 0;
    if (width == 64) return true;
    const std::int64_t half = std::int64_t{1} << (width - 1);
    return value > -half && value <= half;
  }

  std::string take() { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
  unsigned free_ = 0;  // bits of the last byte
};

}  // namespace narthex::blocks
