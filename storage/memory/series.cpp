// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/series.hpp"

#include <algorithm>

namespace narthex::storage::memory {

Series::~Series() {
  for (const ChunkEntry& entry : sealed) Chunk::free(entry.chunk);
}

bool label_order(const Series& a, const Series& b) {
  const std::size_t count = std::min(a.pairs.size(), b.pairs.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Pair& x = *a.pairs[i];
    const Pair& y = *b.pairs[i];
    if (&x == &y) continue;
    if (x.name_symbol != y.name_symbol) return x.name < y.name;
    return x.value < y.value;
  }
  return a.pairs.size() < b.pairs.size();
}

}  // namespace narthex::storage::memory
