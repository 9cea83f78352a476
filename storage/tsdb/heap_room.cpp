// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/heap_room.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace narthex::storage::tsdb {
namespace {

// Smaller than what the agent has glibc map by itself (agent/main.cpp), so that it is the end of
// the heap, of which 16 MiB are kept.
constexpr std::size_t kPieceBytes = (std::size_t{4} << 20) - 4096;
constexpr std::size_t kPiecesMax = 3;

void touch(void* memory, std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
  // A kernel that does not know it leaves the pages to be given one by one.
  if (begin < end)
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
#else
  (void)memory;
  (void)bytes;
#endif
}

}  // namespace

void make_heap_room(std::size_t bytes) {
  std::vector<void*> pieces;
  for (; bytes != 0 && pieces.size() < kPiecesMax; bytes -= std::min(bytes, kPieceBytes)) {
    const std::size_t size = std::min(bytes, kPieceBytes);
    void* const piece = std::malloc(size);
    if (piece == nullptr) break;
    touch(piece, size);
    pieces.push_back(piece);
  }
  for (void* piece : pieces) std::free(piece);
}

}  // namespace narthex::storage::tsdb
