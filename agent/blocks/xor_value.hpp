// SPDX-License-Identifier: Apache-2.0
// xor_value.hpp - a float as the difference of its bits to those of the value before: '0' the same;
// '10' bits in the window of the difference before; '11', 5 bits leading zeros, 6 bits width (0
// means 64), and so many bits.
#pragma once

#include "blocks/bits.hpp"

#include <bit>
#include <cstdint>

namespace narthex::blocks {

class XorValue {
 public:
  XorValue() = default;
  explicit XorValue(double first) : bits_(std::bit_cast<std::uint64_t>(first)) {}

  double value() const { return std::bit_cast<double>(bits_); }

  double read(BitReader& in) {
    const unsigned kind = in.ones(2);
    if (kind == 0) return value();
    if (kind == 2) {
      const std::uint64_t window = in.bits(11);
      leading_ = static_cast<unsigned>(window >> 6);
      width_ = static_cast<unsigned>(window & 63);
      if (width_ == 0) width_ = 64;
      // More than 64 bits in all is damage; reading past the end is how it shows.
      if (leading_ + width_ > 64) {
        leading_ = 0;
        width_ = 64;
        broken_ = true;
      }
    }
    const unsigned trailing = 64 - leading_ - width_;
    const std::uint64_t difference = in.bits(width_);
    bits_ ^= difference << (trailing & 63);
    return value();
  }
  bool broken() const { return broken_; }

  void write(BitWriter& out, double value) {
    const std::uint64_t now = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t difference = now ^ bits_;
    bits_ = now;
    if (difference == 0) return out.bits(0, 1);
    unsigned leading = static_cast<unsigned>(std::countl_zero(difference));
    if (leading > 31) leading = 31;
    const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
    const unsigned old_trailing = 64 - leading_ - width_;
    if (has_window_ && leading >= leading_ && trailing >= old_trailing) {
      out.bits(0b10, 2);
      return out.bits(difference >> old_trailing, width_);
    }
    has_window_ = true;
    leading_ = leading;
    width_ = 64 - leading - trailing;
    out.bits(0b11, 2);
    out.bits(leading_, 5);
    out.bits(width_ & 63, 6);
    out.bits(difference >> trailing, width_);
  }

 private:
  std::uint64_t bits_ = 0;
  // A reader that meets '10' before any window takes all 64 bits, as Prometheus does.
  unsigned leading_ = 0;
  unsigned width_ = 64;
  bool has_window_ = false;
  bool broken_ = false;
};

}  // namespace narthex::blocks
