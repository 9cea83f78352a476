// SPDX-License-Identifier: Apache-2.0
// time_column.hpp - up to 1,024 times as bytes: int64 milliseconds, ascending strictly.
//
// An integer column whose cheapest transform is looked for thoroughly, since thousands of series
// share one time column: a line for scrapes that jitter around a grid, differences or differences
// of differences elsewhere. Pure, thread-safe.
#pragma once

#include "storage/column/integer_column.hpp"

namespace narthex::storage::column {

// Appends the column. REQUIRES: 1 <= times.size() <= kRowsMax; times ascend strictly.
void encode_times(std::span<const std::int64_t> times, IntegerScratch& scratch, Bytes& out);

// Reads rows [from, to) of a column of `rows`. An error when the bytes are no such column, or the
// times that were asked for do not ascend. REQUIRES: from <= to <= rows, 1 <= rows <= kRowsMax;
// out has room for to - from.
Status decode_times(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                    std::int64_t* out);

}  // namespace narthex::storage::column
