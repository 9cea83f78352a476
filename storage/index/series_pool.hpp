// SPDX-License-Identifier: Apache-2.0
// series_pool.hpp - memory for the series of the process: of each size a list of free pieces, cut
// from slabs. A general allocator adds 8 bytes to each piece and rounds up to 16, which is a sixth
// of what a series takes. Slabs are kept for good: pieces of series that are gone serve those that
// come. Thread-safe.
#pragma once

#include <cstddef>

namespace narthex::storage::index {

// Aligned to 8 bytes.
void* take_series_memory(std::size_t bytes);
// REQUIRES: take_series_memory() gave it for as many bytes.
void give_series_memory(void* memory, std::size_t bytes);

}  // namespace narthex::storage::index
