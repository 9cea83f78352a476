// SPDX-License-Identifier: Apache-2.0
// decimals.hpp - doubles that are short decimals, as integers: v = m / 10^e, checked bit for bit.
//
// After ALP (SIGMOD 2024), with a division instead of a multiplication by 10^-e: Prometheus's
// values were parsed from decimal text, and the quotient is that parse. Pure, thread-safe.
#pragma once

#include "storage/column/integer_column.hpp"

namespace narthex::storage::column {

inline constexpr unsigned kExponentMax = 14;
static_assert(kExponentMax <= kScaleExponent);

// 10^exponent, exactly. Above kExponentMax: 0.
double power_of_ten(unsigned exponent);

struct Decimals {
  unsigned exponent = 0;
  bool wide = false;           // some |m| is not below kNarrowMax
  std::size_t exceptions = 0;  // values that are no such decimals; their m repeats a neighbour's
  std::array<std::uint16_t, kRowsMax> exception_row;
  std::array<std::uint64_t, kRowsMax> m;
};

// False when too many values are no decimals. REQUIRES: 1 <= values.size() <= kRowsMax.
bool find_decimals(std::span<const double> values, Decimals& out);

}  // namespace narthex::storage::column
