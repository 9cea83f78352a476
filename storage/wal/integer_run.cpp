// SPDX-License-Identifier: Apache-2.0
// The integers of several values at once, and back. Compiled so that loops become ones over
// vectors.
#include "storage/wal/value_code.hpp"

namespace narthex::storage::wal::code {
namespace {

// What integer_of() and bits_of() do, without a branch a value.
template <bool kScaled>
bool take_all(std::span<const std::uint64_t> bits, double power, std::uint64_t* out) {
  const std::uint64_t* const from = bits.data();  // spans check each index, and no vector can
  const std::size_t count = bits.size();
  std::uint64_t odd = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = std::bit_cast<double>(from[i]);
    const double scaled = kScaled ? value * power : value;
    const double shifted = scaled + kShift;
    const double rounded = shifted - kShift;
    odd |= std::bit_cast<std::uint64_t>(kScaled ? rounded / power : rounded) ^ from[i];
    // Of absolute values as bits, those below the limit stay in order; a comparison would branch.
    const std::uint64_t size = std::bit_cast<std::uint64_t>(scaled) & ~(std::uint64_t{1} << 63);
    odd |= (std::bit_cast<std::uint64_t>(kIntegerMax) - 1 - size) >> 63;
    out[i] = std::bit_cast<std::uint64_t>(shifted) - std::bit_cast<std::uint64_t>(kShift);
  }
  return odd == 0;
}

// A conversion that has no instruction for vectors, by the bits of a sum.
template <bool kScaled>
void give_all(std::span<const std::uint64_t> m, double power, std::uint64_t* out) {
  const std::uint64_t* const from = m.data();
  for (std::size_t i = 0; i < m.size(); ++i) {
    const auto shifted = std::bit_cast<double>(from[i] + std::bit_cast<std::uint64_t>(kShift));
    const double value = shifted - kShift;
    out[i] = std::bit_cast<std::uint64_t>(kScaled ? value / power : value);
  }
}

}  // namespace

bool integers_of(std::span<const std::uint64_t> bits, unsigned exponent, std::uint64_t* out) {
  if (exponent > kExponentMax) return false;
  return exponent == 0 ? take_all<false>(bits, 1, out)
                       : take_all<true>(bits, kPower[exponent], out);
}

void values_of(std::span<const std::uint64_t> m, unsigned exponent, std::uint64_t* out) {
  if (exponent > kExponentMax) {
    std::memcpy(out, m.data(), m.size_bytes());
  } else if (exponent == 0) {
    give_all<false>(m, 1, out);
  } else {
    give_all<true>(m, kPower[exponent], out);
  }
}

void spread_nibbles(std::span<const std::uint8_t> bytes, std::uint8_t* out) {
  const std::uint8_t* const from = bytes.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = from[i] & 15;
    out[2 * i + 1] = from[i] >> 4;
  }
}

}  // namespace narthex::storage::wal::code
