// SPDX-License-Identifier: Apache-2.0
// pair.hpp - a label that series have, and the pool all pairs of the process live in.
//
// A series names its labels by 32-bit handles of the pool: half of what pointers take, and there
// are some ten of them a series.
#pragma once

#include "storage/index/posting_list.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace narthex::storage::index {

// One label, shared by all series that have it. The texts are constant; the postings belong to the
// label index and its lock.
struct Pair {
  std::string_view name;
  std::string_view value;
  std::uint32_t name_symbol;
  std::uint32_t value_symbol;
  std::uint32_t handle;    // in the pool
  std::uint32_t position;  // among the pairs of its name
  PostingList postings;
};

// Thread-safe. A pair stays where it is; looking one up takes no lock. Whoever looks at a pair that
// may be released meanwhile holds an epoch (epochs.hpp), which releasing waits for.
class PairPool {
 public:
  // Zeroed but for the handle.
  static Pair* make();
  static void release(Pair* pair);

  // REQUIRES: the handle of a pair that is not released.
  static Pair* at(std::uint32_t handle) {
    return slabs_[handle / kSlabPairs].load(std::memory_order_acquire) + handle % kSlabPairs;
  }

 private:
  static constexpr std::uint32_t kSlabPairs = 1024;
  // 2^22 pointers that cost no memory until they are touched.
  static std::atomic<Pair*> slabs_[(std::uint64_t{1} << 32) / kSlabPairs];
};

// The labels of a series, sorted by name: a view of its handles.
class Pairs {
 public:
  class Iterator {
   public:
    explicit Iterator(const std::uint32_t* at) : at_(at) {}
    const Pair* operator*() const { return PairPool::at(*at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const std::uint32_t* at_;
  };

  Pairs(const std::uint32_t* handles, std::size_t count) : handles_(handles), count_(count) {}
  std::size_t size() const { return count_; }
  const Pair* operator[](std::size_t i) const { return PairPool::at(handles_[i]); }
  Iterator begin() const { return Iterator(handles_); }
  Iterator end() const { return Iterator(handles_ + count_); }

 private:
  const std::uint32_t* handles_;
  std::size_t count_;
};

}  // namespace narthex::storage::index
