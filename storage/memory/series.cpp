// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/series.hpp"

namespace narthex::storage::memory {

Series::~Series() {
  for (const ChunkEntry& entry : sealed) Chunk::free(entry.chunk);
}

}  // namespace narthex::storage::memory
