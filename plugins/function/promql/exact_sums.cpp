// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/exact_sums.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace narthex::function_promql {

namespace {

constexpr int kFractionBits = 52;
constexpr int kSpecial = 0x7FF;     // the exponent field of infinity and NaN
constexpr int kLastBitBias = 1075;  // an exponent field less this: that of the last bit
constexpr int kExponentEnd = 1023;  // sums stay below two to this
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

// |value| = mantissa * 2^(exponent - kLastBitBias).
struct Parts {
  std::uint64_t mantissa;
  int exponent;  // the field, 1 where it is 0

  explicit Parts(std::uint64_t bits) {
    const int field = static_cast<int>(bits >> kFractionBits) & kSpecial;
    mantissa = bits & ((std::uint64_t{1} << kFractionBits) - 1);
    if (field != 0) mantissa |= std::uint64_t{1} << kFractionBits;
    exponent = std::max(field, 1);
  }
};

// Modulo 2^64. REQUIRES: finite and a multiple of 2^unit.
std::uint64_t in_units(double value, int unit) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const Parts parts(bits);
  const int shift = parts.exponent - kLastBitBias - unit;
  if (shift >= 64) return 0;
  const std::uint64_t magnitude =
      shift >= 0 ? parts.mantissa << shift : parts.mantissa >> std::min(-shift, 63);
  return (bits & kSignBit) != 0 ? 0 - magnitude : magnitude;
}

}  // namespace

bool ExactSums::load(std::span<const double> values, std::size_t window_max) {
  int smallest = kSpecial + kFractionBits;  // of the last bits that are set, as an exponent field
  int largest = 1;
  for (const double value : values) {
    const Parts parts(std::bit_cast<std::uint64_t>(value));
    largest = std::max(largest, parts.exponent);
    if (parts.mantissa == 0) continue;
    smallest = std::min(smallest, parts.exponent + std::countr_zero(parts.mantissa));
  }
  if (largest == kSpecial) return false;
  smallest = std::min(smallest, largest + kFractionBits);  // where all are zero
  unit_ = smallest - kLastBitBias;
  // Values are below 2^above, there are at most 2^count of them, so plain sums are at most
  // 2^(above + count). An addition rounds away half a last bit of these at most, 2^(above + count -
  // 54), all of them 2^count times as much, and 53 bits of units hold that.
  const int above = largest - kLastBitBias + kFractionBits + 1;
  const int count = std::bit_width(window_max);
  if (above + 2 * count - 54 > unit_ + 53 || above + count > kExponentEnd) return false;
  unit_size_ = std::ldexp(1.0, unit_);
  until_.resize(values.size() + 1);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    until_[i] = sum;
    sum += in_units(values[i], unit_);
  }
  until_[values.size()] = sum;
  return true;
}

double ExactSums::compensation(std::size_t first, std::size_t last, double sum) const {
  const std::uint64_t rest = until_[last] - until_[first] - in_units(sum, unit_);
  return static_cast<double>(static_cast<std::int64_t>(rest)) * unit_size_;
}

}  // namespace narthex::function_promql
