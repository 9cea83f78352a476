// SPDX-License-Identifier: Apache-2.0
#include "storage/index/series_pool.hpp"

#include <array>
#include <mutex>
#include <new>

namespace narthex::storage::index {
namespace {

constexpr std::size_t kStep = 8;
constexpr std::size_t kPooledMax = 512;
constexpr std::size_t kSlabBytes = std::size_t{32} << 10;

// The address sanitizer sees into an allocator of its own only.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

struct FreePiece {
  FreePiece* next;
};

struct Pool {
  std::mutex mutex;
  std::array<FreePiece*, kPooledMax / kStep + 1> free{};  // by size in steps
  std::array<std::byte*, kPooledMax / kStep + 1> slab{};  // what is left of the newest of a size
  std::array<std::size_t, kPooledMax / kStep + 1> left{};
};

// Never destroyed: indexes may outlive other statics.
Pool& pool() {
  static auto* pool = new Pool();
  return *pool;
}

}  // namespace

void* take_series_memory(std::size_t bytes) {
  const std::size_t size = (bytes + kStep - 1) / kStep;
  if (!kPooled || size * kStep > kPooledMax) return ::operator new(bytes);
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  if (p.free[size] != nullptr) {
    FreePiece* piece = p.free[size];
    p.free[size] = piece->next;
    return piece;
  }
  if (p.left[size] < size * kStep) {
    p.slab[size] = static_cast<std::byte*>(::operator new(kSlabBytes));  // kept for good
    p.left[size] = kSlabBytes;
  }
  std::byte* piece = p.slab[size];
  p.slab[size] += size * kStep;
  p.left[size] -= size * kStep;
  return piece;
}

void give_series_memory(void* memory, std::size_t bytes) {
  const std::size_t size = (bytes + kStep - 1) / kStep;
  if (!kPooled || size * kStep > kPooledMax) return ::operator delete(memory);
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.free[size] = ::new (memory) FreePiece{p.free[size]};
}

}  // namespace narthex::storage::index
