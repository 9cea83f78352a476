// SPDX-License-Identifier: Apache-2.0
#include "storage/head/chunk_memory.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

namespace narthex::storage::head {

#if defined(__SANITIZE_ADDRESS__)

void* allocate_chunk(std::size_t bytes) { return ::operator new(bytes); }
void free_chunk(void* chunk) { ::operator delete(chunk); }

#else

namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;  // and their alignment
constexpr std::size_t kUnit = 8;

struct Block {
  std::atomic<std::uint32_t> holds{1};  // chunks, and one more while it is being filled
};
static_assert(sizeof(Block) <= kUnit);

struct Filling {
  std::mutex mutex;
  // Guarded by mutex.
  Block* block = nullptr;
  std::size_t used = 0;  // bytes of it
};

Filling& filling() {
  static Filling one;
  return one;
}

void let_go(Block* block) {
  if (block->holds.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(block);
}

}  // namespace

void* allocate_chunk(std::size_t bytes) {
  bytes = (bytes + kUnit - 1) / kUnit * kUnit;
  Filling& now = filling();
  const std::lock_guard lock(now.mutex);
  if (now.block == nullptr || now.used + bytes > kBlockBytes) {
    void* const memory = std::aligned_alloc(kBlockBytes, kBlockBytes);
    if (memory == nullptr) throw std::bad_alloc();
    if (now.block != nullptr) let_go(now.block);
    now.block = new (memory) Block;
    now.used = kUnit;
  }
  now.block->holds.fetch_add(1, std::memory_order_relaxed);
  void* const chunk = reinterpret_cast<char*>(now.block) + now.used;
  now.used += bytes;
  return chunk;
}

void free_chunk(void* chunk) {
  if (chunk == nullptr) return;
  const auto at = reinterpret_cast<std::uintptr_t>(chunk);
  let_go(reinterpret_cast<Block*>(at - at % kBlockBytes));
}

#endif

}  // namespace narthex::storage::head
