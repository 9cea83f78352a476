// SPDX-License-Identifier: Apache-2.0
#include "promql/block_memory.hpp"

#include <algorithm>
#include <bit>
#include <new>

#include <sys/mman.h>

namespace narthex::promql {

namespace {

constexpr std::size_t kPage = std::size_t{4} << 10;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kRegion = 4 * kHugePage;
constexpr std::size_t kPages = kRegion / kPage;
constexpr std::size_t kLargest = kRegion / 2;  // of what is in a region
constexpr std::size_t kEmptyKept = 1;          // queries that come and go do not map anew

std::size_t rounded_up(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

// Aligned to a power of two of pages.
void* map(std::size_t bytes, std::size_t alignment) {
  if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
  void* const all =
      mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  char* const first = static_cast<char*>(all);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(all) & (alignment - 1);
  if (before > 0) munmap(first, before);
  munmap(first + before + bytes, alignment - before);
  madvise(first + before, bytes, MADV_HUGEPAGE);  // where there are none, small ones do
  return first + before;
}

std::size_t large_size(std::size_t bytes) { return rounded_up(bytes, kHugePage); }

}  // namespace

// Stands at the beginning of its pages.
struct BlockMemory::Region {
  std::size_t index = 0;  // in regions_
  std::size_t used = 0;   // pages
  std::uint64_t taken[kPages / 64] = {};

  static Region& of(void* memory) {
    const auto at = reinterpret_cast<std::uintptr_t>(memory);
    return *reinterpret_cast<Region*>(static_cast<char*>(memory) - (at & (kRegion - 1)));
  }
  bool empty() const { return used == kHeaderPages; }

  // Where the run of pages that are as the one at `from` ends.
  std::size_t end_of_run(std::size_t from, bool are_taken) const {
    const std::uint64_t flip = are_taken ? ~std::uint64_t{0} : 0;
    std::uint64_t others = (taken[from / 64] ^ flip) >> from % 64;
    if (others != 0) return from + static_cast<std::size_t>(std::countr_zero(others));
    for (std::size_t w = from / 64 + 1; w < kPages / 64; ++w) {
      others = taken[w] ^ flip;
      if (others != 0) return w * 64 + static_cast<std::size_t>(std::countr_zero(others));
    }
    return kPages;
  }
  void mark(std::size_t first, std::size_t count, bool are_taken) {
    for (std::size_t page = first; page < first + count;) {
      const std::size_t bits = std::min(64 - page % 64, first + count - page);
      const std::uint64_t mask = (~std::uint64_t{0} >> (64 - bits)) << page % 64;
      if (are_taken) {
        taken[page / 64] |= mask;
      } else {
        taken[page / 64] &= ~mask;
      }
      page += bits;
    }
    used = are_taken ? used + count : used - count;
  }

  static constexpr std::size_t kHeaderPages = 1;
};

BlockMemory::~BlockMemory() {
  for (Region* region : regions_) {
    if (region->empty()) munmap(region, kRegion);
  }
}

void* BlockMemory::take(std::size_t bytes) {
  if (bytes > kLargest) {
    void* const memory = map(large_size(bytes), kHugePage);
    const std::lock_guard lock(mutex_);
    large_bytes_ += large_size(bytes);
    return memory;
  }
  const std::size_t pages = rounded_up(bytes, kPage) / kPage;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    if (longest_[i] < pages) continue;
    if (void* const memory = take_from(*regions_[i], pages)) return memory;
  }
  regions_.reserve(regions_.size() + 1);  // nothing fails once it is mapped
  longest_.reserve(regions_.size() + 1);
  Region* const made = ::new (map(kRegion, kRegion)) Region();
  made->index = regions_.size();
  made->mark(0, Region::kHeaderPages, true);
  regions_.push_back(made);
  longest_.push_back(static_cast<std::uint32_t>(kPages - Region::kHeaderPages));
  ++empty_;
  return take_from(*made, pages);
}

// The first run that is long enough; null: there is none, and it is known how long the longest is.
void* BlockMemory::take_from(Region& region, std::size_t pages) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < kPages;) {
    const std::size_t first = region.end_of_run(at, true);
    if (first == kPages) break;
    const std::size_t end = region.end_of_run(first, false);
    if (end - first >= pages) {
      if (region.empty()) --empty_;
      region.mark(first, pages, true);
      return reinterpret_cast<char*>(&region) + first * kPage;
    }
    longest = std::max(longest, end - first);
    at = end;
  }
  longest_[region.index] = static_cast<std::uint32_t>(longest);
  return nullptr;
}

void BlockMemory::give(void* memory, std::size_t bytes) noexcept {
  if (bytes > kLargest) {
    munmap(memory, large_size(bytes));
    const std::lock_guard lock(mutex_);
    large_bytes_ -= large_size(bytes);
    return;
  }
  Region& region = Region::of(memory);
  const auto at = reinterpret_cast<std::uintptr_t>(memory) & (kRegion - 1);
  {
    const std::lock_guard lock(mutex_);
    region.mark(at / kPage, rounded_up(bytes, kPage) / kPage, false);
    longest_[region.index] = static_cast<std::uint32_t>(kPages - region.used);  // at most
    if (!region.empty()) return;
    if (empty_ < kEmptyKept) {
      ++empty_;
      return;
    }
    forget(region);
  }
  munmap(&region, kRegion);
}

void BlockMemory::forget(Region& region) {
  regions_[region.index] = regions_.back();
  longest_[region.index] = longest_.back();
  regions_[region.index]->index = region.index;
  regions_.pop_back();
  longest_.pop_back();
}

std::size_t BlockMemory::mapped_bytes() const {
  const std::lock_guard lock(mutex_);
  return regions_.size() * kRegion + large_bytes_;
}

BlockMemory& BlockMemory::shared() {
  static auto* const memory = new BlockMemory();  // columns may outlive other statics
  return *memory;
}

}  // namespace narthex::promql
