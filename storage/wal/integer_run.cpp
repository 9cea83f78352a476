// SPDX-License-Identifier: Apache-2.0
// The integers of several values at once. Compiled so that the loop becomes one over vectors.
#include "storage/wal/value_code.hpp"

namespace narthex::storage::wal::code {
namespace {

// What integer_of() and bits_of() do, without a branch a value.
template <bool kScaled>
bool take_all(std::span<const std::uint64_t> bits, double power, std::uint64_t* out) {
  std::uint64_t odd = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const double value = std::bit_cast<double>(bits[i]);
    const double scaled = kScaled ? value * power : value;
    const double shifted = scaled + kShift;
    const double rounded = shifted - kShift;
    odd |= std::bit_cast<std::uint64_t>(kScaled ? rounded / power : rounded) ^ bits[i];
    odd |= std::fabs(scaled) < kIntegerMax ? 0 : 1;
    out[i] = std::bit_cast<std::uint64_t>(shifted) - std::bit_cast<std::uint64_t>(kShift);
  }
  return odd == 0;
}

}  // namespace

bool integers_of(std::span<const std::uint64_t> bits, unsigned exponent, std::uint64_t* out) {
  if (exponent > kExponentMax) return false;
  return exponent == 0 ? take_all<false>(bits, 1, out)
                       : take_all<true>(bits, kPower[exponent], out);
}

}  // namespace narthex::storage::wal::code
