// SPDX-License-Identifier: Apache-2.0
// symbol_map.hpp - from the numbers that a source gives its texts to those of a query's label
// store. Open addressing, since a number is looked up for each label of each block. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace narthex::promql {

using Symbol = std::uint32_t;  // equal numbers <=> equal texts, within a store

class SymbolMap {
 public:
  static constexpr Symbol kUnknown = std::numeric_limits<Symbol>::max();

  // The symbol of an id, kUnknown at first. Valid until the next call.
  Symbol& operator[](std::uint32_t id) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = find(id);
    if (!slot.used) {
      slot = {id, true, kUnknown};
      ++size_;
    }
    return slot.symbol;
  }

 private:
  struct Slot {
    std::uint32_t id = 0;
    bool used = false;
    Symbol symbol = kUnknown;
  };

  // REQUIRES: a slot is free.
  Slot& find(std::uint32_t id) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (std::uint64_t{id} * 0x9E3779B97F4A7C15u >> 32) & mask;
    while (slots_[at].used && slots_[at].id != id) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> before(slots_.empty() ? 256 : slots_.size() * 2);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.used) find(slot.id) = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace narthex::promql
