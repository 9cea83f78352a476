// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/heap_room.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <utility>

namespace narthex::storage::tsdb {
namespace {

// Smaller than what the agent has glibc map by itself (agent/main.cpp).
constexpr std::size_t kPieceBytes = (std::size_t{4} << 20) - 4096;
constexpr std::size_t kPiecesMax = 8;
constexpr std::size_t kEndBytes = 4096;

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

HeapRoom::HeapRoom(std::size_t bytes) {
  std::array<void*, kPiecesMax> pieces{};
  std::size_t count = 0;
  for (; bytes != 0 && count < kPiecesMax; ++count) {
    const std::size_t size = std::min(bytes, kPieceBytes);
    pieces[count] = std::malloc(size);
    if (pieces[count] == nullptr) break;
    touch(pieces[count], size);
    bytes -= size;
  }
  if (count == 0) return;
  end_ = std::malloc(kEndBytes);
  // It came from elsewhere: the last piece stands behind the others as well.
  if (std::less<>()(end_, pieces[count - 1])) std::swap(end_, pieces[count - 1]);
  for (void* const piece : pieces) std::free(piece);
}

HeapRoom::~HeapRoom() { std::free(end_); }

}  // namespace narthex::storage::tsdb
