// SPDX-License-Identifier: Apache-2.0
// block_head.hpp - what writer and reader of integer columns must agree on. Pure.
#pragma once

#include "storage/column/integer_column.hpp"

namespace narthex::storage::column {

// First byte of a block's header: its width, with kPatched if patches follow; or kAsExpected, for a
// block of no width that starts where expected_after() said.
inline constexpr std::uint8_t kPatched = 0x80;
inline constexpr std::uint8_t kAsExpected = kWidthMax + 1;

// Where the block after one with this start and width probably starts: residuals are taken for
// half of what their width allows. Exact where the width is 0.
constexpr BlockStart expected_after(BlockStart start, Transform transform, unsigned width) {
  constexpr std::uint64_t kRows = kBlockRows;
  const std::uint64_t residual = start.base + (width == 0 ? 0 : std::uint64_t{1} << (width - 1));
  if (transform == kDelta) start.k += kRows * residual;
  if (transform == kDeltaOfDelta) {
    start.k += kRows * start.step + kRows * (kRows + 1) / 2 * residual;
    start.step += kRows * residual;
  }
  return start;
}

// What is packed for rows [from, from + count), before the base is taken away. The rows before the
// first continue its first difference backwards, so that the first residual is like the others.
void residuals(std::span<const std::uint64_t> k, Transform transform, std::uint64_t slope,
               std::size_t from, std::size_t count, std::uint64_t* out);

}  // namespace narthex::storage::column
