// SPDX-License-Identifier: Apache-2.0
// block_plan.hpp - how the up to 128 integers of a block become offsets of few bits: from which
// base, in how many bits, and which of them stick out and are patched. Pure, thread-safe.
#pragma once

#include "storage/column/kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::storage::column {

struct BlockPlan {
  std::uint64_t base = 0;  // offsets are v[i] - base modulo 2^64
  unsigned width = 0;      // bits an offset
  unsigned patches = 0;    // offsets with more bits than that
  std::size_t bytes = 0;   // packed bits and patches, without the block's header
};

// Bytes of the packed offsets: whole vectors for a full block, no gaps for a shorter one.
constexpr std::size_t packed_size(std::size_t count, unsigned width) {
  return (count * width + 7) / 8;
}
static_assert(packed_size(kBlockRows, 7) == packed_block_size(7));

// The cheapest found. The array behind `v` has kBlockRows elements of which `count` matter.
// REQUIRES: 1 <= count <= kBlockRows.
BlockPlan plan_block(const std::uint64_t* v, std::size_t count);

}  // namespace narthex::storage::column
