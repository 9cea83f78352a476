// SPDX-License-Identifier: Apache-2.0
// chunk_memory.hpp - where sealed chunks lie: in blocks of 64 KiB, one behind the other as they are
// sealed. Flushes and evictions drop them in about that order, so that whole blocks come free: a
// chunk costs neither malloc's bookkeeping, coming and going, nor its 16 bytes.
//
// A block stays as long as one of its chunks does. Thread-safe. Where an address sanitizer watches,
// each chunk is an allocation of its own.
#pragma once

#include <cstddef>

namespace narthex::storage::head {

// Throws std::bad_alloc. Aligned to 8 bytes. REQUIRES: bytes <= kChunkBytesMax.
inline constexpr std::size_t kChunkBytesMax = std::size_t{16} << 10;
void* allocate_chunk(std::size_t bytes);
void free_chunk(void* chunk);

}  // namespace narthex::storage::head
