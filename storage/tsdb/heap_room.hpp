// SPDX-License-Identifier: Apache-2.0
// heap_room.hpp - memory for much that is about to be allocated in small pieces.
#pragma once

#include <cstddef>

namespace narthex::storage::tsdb {

// Has the kernel give the heap so much memory in a few calls instead of a fault a page, of which
// each costs what packing a thousand samples does. The memory stays free: what is not used goes
// back as any that is free does. At most 12 MiB, below which the heap keeps it. No more than a
// hint.
void make_heap_room(std::size_t bytes);

}  // namespace narthex::storage::tsdb
