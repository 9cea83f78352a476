// SPDX-License-Identifier: Apache-2.0
#include "storage/head/series.hpp"

namespace narthex::storage::head {

OwnSamples::~OwnSamples() {
  for (const ChunkEntry& entry : sealed) Chunk::free(entry.chunk);
}

}  // namespace narthex::storage::head
