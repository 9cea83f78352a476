// SPDX-License-Identifier: Apache-2.0
// sample_table.hpp - what a reader knows of each ref: its last logged value. A table with open
// addressing in which refs that are neighbours stay so. Memory: 16 bytes a ref, four times that at
// most. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace narthex::storage::wal {

class SampleTable {
 public:
  struct Entry {
    std::uint64_t bits = 0;
    std::uint32_t ref = 0;
    std::uint16_t epoch = 0;  // 0: the place is free
    std::uint8_t exponent = 0;
  };

  // Null where the ref has no value that holds.
  const Entry* find(std::uint32_t ref) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_.data()[place(ref)];
    return entry.epoch == epoch_ ? &entry : nullptr;
  }
  // Holds from now on.
  void set(std::uint32_t ref, std::uint64_t bits, std::uint8_t exponent) {
    if (2 * (used_ + 1) > entries_.size()) grow();
    Entry& entry = entries_.data()[place(ref)];
    used_ += entry.epoch == 0 ? 1 : 0;
    entry = {bits, ref, epoch_, exponent};
  }
  // No value holds any more.
  void forget_values() {
    if (++epoch_ == 0) clear();
  }
  void clear() {
    entries_.clear();
    used_ = 0;
    epoch_ = 1;
  }

 private:
  static constexpr std::uint32_t kBlock = 16;  // refs whose places are neighbours
  // To the next block; odd, so that it comes to every place, whichever refs there are.
  static constexpr std::size_t kStep = kBlock + 1;

  // Of the ref, or where it would be.
  std::size_t place(std::uint32_t ref) const {
    const std::size_t mask = entries_.size() - 1;
    const std::uint64_t block = std::uint64_t{ref / kBlock} * 0x9E3779B97F4A7C15 >> 32;
    std::size_t at = (block * kBlock + ref % kBlock) & mask;
    const Entry* const entries = entries_.data();
    while (entries[at].epoch != 0 && entries[at].ref != ref) at = (at + kStep) & mask;
    return at;
  }
  void grow() {
    std::vector<Entry> old(entries_.empty() ? 64 : 2 * entries_.size());
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.epoch != 0) entries_[place(entry.ref)] = entry;
    }
  }

  std::vector<Entry> entries_;
  std::size_t used_ = 0;
  std::uint16_t epoch_ = 1;
};

}  // namespace narthex::storage::wal
