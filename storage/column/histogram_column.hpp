// SPDX-License-Identifier: Apache-2.0
// histogram_column.hpp - up to 1,024 native histograms of one series as bytes: integer or float,
// with exponential or custom buckets. Format: storage/docs/columns.md.
//
// Histograms of one layout (schema, zero threshold, spans, custom bounds) in a row form a run: the
// layout once, then a column each for hints, count, sum, zero count and every bucket. All numbers
// come back bit for bit; a staleness marker is a histogram whose sum is the marker. Pure,
// thread-safe.
#pragma once

#include "storage/column/value_column.hpp"

#include <narthex/data.h>

#include <vector>

namespace narthex::storage::column {

// Rows times buckets of a run, at most: what bytes from outside may make a reader allocate.
inline constexpr std::size_t kHistogramCellsMax = std::size_t{1} << 21;

// Appends the column. An error (nothing is appended) when a run has too many cells: fewer rows
// a column help. REQUIRES: 1 <= histograms.size() <= kRowsMax; each is valid.
Status encode_histograms(std::span<const nx_histogram> histograms, ValueScratch& scratch,
                         Bytes& out);

// Decoded histograms and all they point to. Movable: nothing in it moves with it.
struct HistogramRows {
  std::vector<nx_histogram> rows;
  std::vector<std::vector<nx_span>> spans;
  std::vector<std::vector<double>> bounds;
  std::vector<std::vector<std::int64_t>> deltas;  // of integer runs, row by row
  std::vector<std::vector<double>> counts;        // of float runs, row by row
};

// Appends rows [from, to) of a column of `rows` to out. An error when the bytes are no such
// column; out is then of no use. REQUIRES: from <= to <= rows, 1 <= rows <= kRowsMax.
Status decode_histograms(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                         HistogramRows& out);

}  // namespace narthex::storage::column
