// SPDX-License-Identifier: Apache-2.0
// value_column.hpp - a column of up to 255 doubles as bytes, every bit of every value kept.
//
// Of each column the cheapest of: one constant; decimal integers m with v = m / 10^e exactly, as
// offsets from the least or as differences, bit-packed, with the few values that are no such
// decimals (staleness markers, NaN) beside them; XOR with the value before, bit-packed; raw.
// Pure functions. Decoding is one pass without branches a value.
#pragma once

#include "storage/head/byte_stream.hpp"

#include <cstdint>
#include <span>

namespace narthex::storage::head {

inline constexpr std::size_t kColumnValuesMax = 255;

// Appends the column to out. The caller appends kSlack bytes after its last column.
// REQUIRES: 1 <= values.size() <= kColumnValuesMax.
void encode_values(std::span<const std::uint64_t> bits, Bytes& out);

// Reads `count` values as bit patterns. REQUIRES: encode_values wrote `count` of them at `in`.
void decode_values(const std::uint8_t* in, std::size_t count, std::uint64_t* out);

}  // namespace narthex::storage::head
