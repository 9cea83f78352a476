// SPDX-License-Identifier: Apache-2.0
// value_reader.hpp - reads what a ValueWriter has written. Whatever the bytes, no call passes their
// end. Used by one thread at a time.
#pragma once

#include "storage/wal/value_code.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::storage::wal {

// A place in the values of a record: codes, a byte each, and the bits behind them. A view: the
// memory is its maker's.
class ValueCursor {
 public:
  enum class Got { kBad, kValue, kKey };
  // So many bytes behind the bits can be read.
  static constexpr std::size_t kSlack = 16;

  ValueCursor() = default;
  // Positions are in bits from `bits` on.
  ValueCursor(std::span<const std::uint8_t> codes, const std::uint8_t* bits, std::uint64_t position,
              std::uint64_t position_max)
      : codes_at_(codes.data()),
        codes_end_(codes.data() + codes.size()),
        bits_(bits),
        position_(position),
        position_max_(position_max) {}

  std::size_t codes_left() const { return static_cast<std::size_t>(codes_end_ - codes_at_); }
  const std::uint8_t* codes_at() const { return codes_at_; }
  std::uint64_t position() const { return position_; }

  // The next value of a slot, in place of the last.
  Got next(std::uint64_t& last, std::uint8_t& exponent) {
    if (codes_at_ == codes_end_ || position_ > position_max_) return Got::kBad;
    const std::uint8_t c = *codes_at_;
    if (c >= code::kKey) [[unlikely]]
      return next_other(last, exponent);
    ++codes_at_;
    apply(c, last, exponent);
    return Got::kValue;
  }
  // The next value where a key must stand, without its mark.
  Got next_key(std::uint64_t& last, std::uint8_t& exponent);
  // Reads past so many values; false where they are none. What they are is not computed.
  bool skip(std::size_t count);
  // The next values of a slot, the first on top of the last, which becomes the last of them: what
  // next() gives for each. False where one is bad.
  bool take(std::span<std::uint64_t> out, std::uint64_t& last, std::uint8_t& exponent);
  // All was read, and nothing beyond.
  bool done() const;

 private:
  std::uint64_t window(std::uint64_t position) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bits_ + (position >> 3), sizeof word);
    return word >> (position & 7);
  }
  void apply(std::uint8_t c, std::uint64_t& last, unsigned exponent) {
    const std::uint64_t m = code::integer_of(last, exponent) + difference(c, position_);
    position_ += code::kRows[c].width;
    const std::uint64_t bits = code::bits_of(m, exponent);
    last = c == code::kUnchanged ? last : bits;
  }
  std::uint64_t difference(std::uint8_t c, std::uint64_t position) const {
    const std::uint64_t size = (window(position) & code::kMask.data()[c]) + (c == 1 ? 1 : 0);
    const std::uint64_t sign = 0 - std::uint64_t{code::kRows.data()[c].negative};
    return (size ^ sign) - sign;
  }
  bool word(std::uint64_t& out);
  Got next_other(std::uint64_t& last, std::uint8_t& exponent);
  std::size_t take_stretch(std::span<std::uint64_t> out, std::uint64_t& last, unsigned exponent);

  const std::uint8_t* codes_at_ = nullptr;
  const std::uint8_t* codes_end_ = nullptr;
  const std::uint8_t* bits_ = nullptr;
  std::uint64_t position_ = 0;
  std::uint64_t position_max_ = 0;
};

// A cursor with memory of its own, for one record after the other.
class ValueReader : public ValueCursor {
 public:
  // Takes the rest of the cursor. False when it is no such thing.
  bool open(ByteReader& in);

 private:
  Bytes codes_;
  Bytes bits_;
};

// What stands behind the times of a record, or the like: codes and bits as they are written.
struct PackedValues {
  std::uint64_t count = 0;  // of codes
  ByteView codes;           // two a byte
  ByteView bits;
};
// Takes the rest of the cursor. False when it is no such thing.
bool read_packed(ByteReader& in, PackedValues& out);

}  // namespace narthex::storage::wal
