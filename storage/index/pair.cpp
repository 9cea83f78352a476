// SPDX-License-Identifier: Apache-2.0
#include "storage/index/pair.hpp"

#include <new>

namespace narthex::storage::index {
namespace {

struct Free {
  std::mutex mutex;
  std::vector<std::uint32_t> handles;  // released ones
  std::uint32_t next = 0;              // from here on none was ever given out
};

// Never destroyed: indexes may outlive other statics.
Free& free_handles() {
  static auto* free = new Free();
  return *free;
}

}  // namespace

std::atomic<Pair*> PairPool::slabs_[(std::uint64_t{1} << 32) / PairPool::kSlabPairs];

Pair* PairPool::make() {
  Free& free = free_handles();
  const std::lock_guard lock(free.mutex);
  std::uint32_t handle = free.next;
  if (!free.handles.empty()) {
    handle = free.handles.back();
    free.handles.pop_back();
  } else {
    if (free.next == UINT32_MAX) throw std::bad_alloc();
    std::atomic<Pair*>& slab = slabs_[handle / kSlabPairs];
    if (slab.load(std::memory_order_relaxed) == nullptr) {
      void* memory = ::operator new(kSlabPairs * sizeof(Pair));  // kept for good
      slab.store(static_cast<Pair*>(memory), std::memory_order_release);
    }
    ++free.next;
  }
  Pair* pair = ::new (static_cast<void*>(at(handle))) Pair();
  pair->handle = handle;
  return pair;
}

void PairPool::release(Pair* pair) {
  const std::uint32_t handle = pair->handle;
  pair->~Pair();
  Free& free = free_handles();
  const std::lock_guard lock(free.mutex);
  free.handles.push_back(handle);
}

}  // namespace narthex::storage::index
