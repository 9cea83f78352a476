// SPDX-License-Identifier: Apache-2.0
// block_memory.hpp - where the large columns of queries live: in regions of huge pages.
//
// A page that is given back to the system costs as much as it takes to fill it, and a query holds
// hundreds of megabytes of them: in pages of 4 KiB they take some 0.14 ms a megabyte to give back
// and 0.8 ms to come by, in huge ones a thirtieth and a sixth. Regions are 8 MiB, larger blocks
// have a mapping of their own; a region that is empty goes back to the system at once, but for one.
// Where the system has no huge pages to give, all works alike, on small ones. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace narthex::promql {

class BlockMemory {
 public:
  // Smaller ones are better off with the allocator of everything else.
  static constexpr std::size_t kLeastBytes = std::size_t{16} << 10;

  BlockMemory() = default;
  ~BlockMemory();  // gives back what is empty; blocks that are still out stay valid for good
  BlockMemory(const BlockMemory&) = delete;
  BlockMemory& operator=(const BlockMemory&) = delete;

  // Aligned to a page, not cleared. REQUIRES: at least kLeastBytes. Throws std::bad_alloc.
  void* take(std::size_t bytes);
  // REQUIRES: what take() returned for so many bytes.
  void give(void* memory, std::size_t bytes) noexcept;

  // In regions and mappings of their own, used or not.
  std::size_t mapped_bytes() const;

  // That of the process; never destroyed.
  static BlockMemory& shared();

 private:
  struct Region;

  void* take_from(Region& region, std::size_t pages);
  void forget(Region& region);

  mutable std::mutex mutex_;
  std::vector<Region*> regions_;
  // [region]: no run of free pages is longer. What is searched through stays in few cache lines.
  std::vector<std::uint32_t> longest_;
  std::size_t empty_ = 0;  // regions with nothing in them
  std::size_t large_bytes_ = 0;
};

}  // namespace narthex::promql
