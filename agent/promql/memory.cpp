// SPDX-License-Identifier: Apache-2.0
#include "promql/memory.hpp"

#include "promql/block_memory.hpp"

#include <narthex/sdk/size_text.hpp>

namespace narthex::promql {

namespace {

thread_local MemoryMeter* current_meter = nullptr;

// The address sanitizer sees into an allocator of its own only.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kInBlocks = false;
#else
constexpr bool kInBlocks = true;
#endif

bool is_block(std::size_t bytes) { return kInBlocks && bytes >= BlockMemory::kLeastBytes; }

void* take_memory(std::size_t bytes) {
  return is_block(bytes) ? BlockMemory::shared().take(bytes) : ::operator new(bytes);
}

}  // namespace

bool MemoryMeter::take(std::uint64_t bytes) noexcept {
  const std::uint64_t used = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  const bool fits = max_ == 0 || used <= max_;
  if (!fits || (pool_ != nullptr && !pool_->take(bytes))) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    wanted_ = used;
    refusal_ = fits ? Bound::kAll : Bound::kQuery;
    return false;
  }
  std::uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
  }
  return true;
}

std::string MemoryMeter::refusal() const {
  switch (refusal_.load()) {
    case Bound::kQuery:
      return "query needs more than " + sdk::size_text(max_) +
             " of memory (query.max_memory): it was about to hold " + sdk::size_text(wanted_);
    case Bound::kAll:
      return "queries need more than " + sdk::size_text(pool_->max_bytes()) +
             " of memory together (query.max_memory_all): this one was about to hold " +
             sdk::size_text(wanted_);
    case Bound::kNone:
      break;
  }
  return "the system has no memory left for the query";
}

namespace counted_memory {

void* allocate(MemoryMeter* meter, std::size_t bytes) {
  if (meter == nullptr) return take_memory(bytes);
  if (!meter->take(bytes)) throw std::bad_alloc();
  try {
    return take_memory(bytes);
  } catch (const std::bad_alloc&) {
    meter->give_back(bytes);
    throw;
  }
}

void deallocate(MemoryMeter* meter, void* memory, std::size_t bytes) noexcept {
  if (is_block(bytes)) {
    BlockMemory::shared().give(memory, bytes);
  } else {
    ::operator delete(memory);
  }
  if (meter != nullptr) meter->give_back(bytes);
}

}  // namespace counted_memory

MemoryMeter* MemoryMeter::current() noexcept { return current_meter; }

MemoryScope::MemoryScope(MemoryMeter* meter) noexcept : before_(current_meter) {
  current_meter = meter;
}

MemoryScope::~MemoryScope() { current_meter = before_; }

}  // namespace narthex::promql
