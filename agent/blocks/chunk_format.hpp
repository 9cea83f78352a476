// SPDX-License-Identifier: Apache-2.0
// chunk_format.hpp - constants of chunk files that readers and the writer share (README.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace narthex::blocks {

inline constexpr std::uint32_t kChunksMagic = 0x85BD40DD;
inline constexpr std::uint32_t kHeadChunksMagic = 0x0130BC91;
inline constexpr std::size_t kChunksHead = 8;  // magic, version 1, padding
inline constexpr std::uint64_t kChunksFileMax = std::uint64_t{512} << 20;
inline constexpr std::uint8_t kOutOfOrderBit = 0x80;  // of the encoding, in chunks_head/

}  // namespace narthex::blocks
