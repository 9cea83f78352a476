// SPDX-License-Identifier: Apache-2.0
// value_column.hpp - up to 1,024 doubles as bytes, every bit of every value kept, NaN payloads and
// negative zeros included. Format: storage/docs/columns.md.
//
// Of each column the cheapest of: one constant; decimal integers (decimals.hpp); their differences
// to the integers of an earlier column, as neighbouring `le` buckets have; bit patterns as integers
// (float sums, noise). Integers and patterns go through integer_column.hpp. Values that repeat the
// one before may be left out, marked in a bitmap. Decoding touches only the blocks of 128 that hold
// the rows that are asked for. Pure, thread-safe.
#pragma once

#include "storage/column/decimals.hpp"
#include "storage/column/integer_column.hpp"

#include <narthex/storage.h>

namespace narthex::storage::column {

struct ValueScratch {
  Decimals decimals;
  IntegerScratch integers;
  std::array<std::uint64_t, kRowsMax> other;  // bit patterns, or differences to a reference
  std::array<double, kRowsMax> kept;          // values without repeats
  Bytes attempt;                              // another encoding of the same column
};

// A first byte of its own: a bitmap of the rows that do not repeat the one before, then a column of
// these rows.
inline constexpr std::uint8_t kHeadRepeats = kHeadConstant | kHeadTransform;

inline constexpr std::size_t kNoReference = SIZE_MAX;

struct ValueInfo {
  std::uint8_t flags = 0;                // NX_COL_*
  std::size_t reference = kNoReference;  // the candidate that decoding needs
};

// NX_COL_CONST, NX_COL_MONOTONE and NX_COL_STALE of a column. Staleness markers do not end the
// monotony around them; any other NaN does.
std::uint8_t column_flags(std::span<const double> values);

// Appends the column. `candidates` are columns of the same rows (at most a few: each costs a trial)
// that the reader will have decoded. REQUIRES: 1 <= values.size() <= kRowsMax, and every candidate
// has as many.
ValueInfo encode_values(std::span<const double> values,
                        std::span<const std::span<const double>> candidates, ValueScratch& scratch,
                        Bytes& out);

// Whether the column was encoded against a reference.
bool needs_reference(ByteView bytes);

// Reads rows [from, to) of a column of `rows`; reference: the same rows of the column that encoding
// chose, or NULL. An error when the bytes are no such column, or a reference is missing.
// REQUIRES: from <= to <= rows, 1 <= rows <= kRowsMax; out has room for to - from.
Status decode_values(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                     const double* reference, double* out);

}  // namespace narthex::storage::column
