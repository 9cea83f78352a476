// SPDX-License-Identifier: Apache-2.0
// The algorithm is Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020): three
// products with a power of ten say where the value and the edges of its rounding interval lie among
// the decimals of the right size; at most one shorter one is inside. std::to_chars gives the same
// digits at half the speed, which used to be most of the time of a range query with few series.
#include "api/shortest_decimal.hpp"

#include <array>
#include <bit>

namespace narthex::api {

namespace {

constexpr int kPowerMin = -292;  // of the powers of ten that doubles need
constexpr int kPowerMax = 324;
constexpr int kPowerExactMax = 55;  // 5^55 has 128 bits
constexpr int kFractionBits = 52;
constexpr int kExponentBias = 1075;  // of the exponent of the last bit
__extension__ using Wide = unsigned __int128;

// 10^e as high * 2^64 + low times a power of two, rounded up; its top bit is set.
struct Power {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

// 256 bits of a power of ten, the most significant word first; the top bit is set. What is cut off
// adds up to less than 2^-246 of the value, so the top 128 bits are right.
using Mantissa = std::array<std::uint64_t, 4>;

void shift_left(Mantissa& m, int bits, std::uint64_t below) {
  if (bits == 0) return;
  for (std::size_t i = 0; i < m.size(); ++i) {
    const std::uint64_t next = i + 1 < m.size() ? m[i + 1] : below;
    m[i] = (m[i] << bits) | (next >> (64 - bits));
  }
}

void multiply_by_ten(Mantissa& m) {
  Wide carry = 0;
  for (std::size_t i = m.size(); i-- > 0;) {
    carry += Wide{m[i]} * 10;
    m[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  // Down again by the bits of the carry: up by the rest of a word, with the carry as the top word.
  const std::uint64_t lowest = m[3];
  m = {static_cast<std::uint64_t>(carry), m[0], m[1], m[2]};
  shift_left(m, std::countl_zero(m[0]), lowest);
}

void divide_by_ten(Mantissa& m) {
  std::uint64_t left = 0;
  const auto divide = [&left](std::uint64_t word) {
    const Wide all = (Wide{left} << 64) | word;
    left = static_cast<std::uint64_t>(all % 10);
    return static_cast<std::uint64_t>(all / 10);
  };
  for (std::uint64_t& word : m) word = divide(word);
  const std::uint64_t below = divide(0);
  shift_left(m, std::countl_zero(m[0]), below);
}

using Powers = std::array<Power, kPowerMax - kPowerMin + 1>;

Powers make_powers() {
  Powers powers;
  const auto put = [&powers](int e, const Mantissa& m) {
    const bool exact = e >= 0 && e <= kPowerExactMax;
    const Wide top = ((Wide{m[0]} << 64) | m[1]) + (exact ? 0 : 1);
    powers[static_cast<std::size_t>(e - kPowerMin)] = {static_cast<std::uint64_t>(top >> 64),
                                                       static_cast<std::uint64_t>(top)};
  };
  constexpr Mantissa kOne = {std::uint64_t{1} << 63, 0, 0, 0};
  Mantissa up = kOne;
  for (int e = 0; e <= kPowerMax; ++e, multiply_by_ten(up)) put(e, up);
  Mantissa down = kOne;
  for (int e = 0; e >= kPowerMin; --e, divide_by_ten(down)) put(e, down);
  return powers;
}

const Power& power_of_ten(int e) {
  static const Powers powers = make_powers();
  return powers[static_cast<std::size_t>(e - kPowerMin)];
}

// floor(log10(2^e)), floor(log10(2^e * 3/4)) and floor(log2(10^e)) for all exponents of doubles.
int log10_of_power_of_two(int e) { return (e * 1262611) >> 22; }
int log10_of_three_quarters(int e) { return (e * 1262611 - 524031) >> 22; }
int log2_of_power_of_ten(int e) { return (e * 1741647) >> 19; }

// The product's top word; its last bit is set where anything below is not 0.
std::uint64_t round_to_odd(const Power& power, std::uint64_t factor) {
  const Wide low = Wide{power.low} * factor;
  const Wide sum = Wide{power.high} * factor + static_cast<std::uint64_t>(low >> 64);
  const bool rest = static_cast<std::uint64_t>(sum) > 1;
  return static_cast<std::uint64_t>(sum >> 64) | (rest ? 1 : 0);
}

}  // namespace

ShortestDecimal shortest_decimal(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << kFractionBits) - 1);
  const int exponent = static_cast<int>(bits >> kFractionBits);
  const bool normal = exponent != 0;
  const std::uint64_t c = normal ? fraction | (std::uint64_t{1} << kFractionBits) : fraction;
  const int q = (normal ? exponent : 1) - kExponentBias;

  // Below a power of two the neighbour is half as far.
  const bool closer_below = fraction == 0 && exponent > 1;
  const int k = closer_below ? log10_of_three_quarters(q) : log10_of_power_of_two(q);
  const int shift = q + log2_of_power_of_ten(-k) + 1;
  const Power& power = power_of_ten(-k);
  // In quarters of 10^k: the lower edge, the value, the upper edge.
  const std::uint64_t low = round_to_odd(power, (4 * c - (closer_below ? 1 : 2)) << shift);
  const std::uint64_t here = round_to_odd(power, (4 * c) << shift);
  const std::uint64_t high = round_to_odd(power, (4 * c + 2) << shift);
  // The edges themselves round to the value when its last bit is 0.
  const std::uint64_t odd = c & 1;
  const auto inside = [&](std::uint64_t quarters) {
    return quarters >= low + odd && quarters + odd <= high;
  };

  const std::uint64_t floor = here / 4;
  if (floor >= 10) {
    const std::uint64_t shorter = floor / 10;
    const bool down = inside(40 * shorter);
    const bool up = inside(40 * shorter + 40);
    if (down != up) return {shorter + (up ? 1 : 0), k + 1};
  }
  const bool down = inside(4 * floor);
  const bool up = inside(4 * floor + 4);
  if (down != up) return {floor + (up ? 1 : 0), k};
  const std::uint64_t middle = 4 * floor + 2;
  const bool round_up = here > middle || (here == middle && (floor & 1) != 0);
  return {floor + (round_up ? 1 : 0), k};
}

}  // namespace narthex::api
