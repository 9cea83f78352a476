// SPDX-License-Identifier: Apache-2.0
// counted_map.hpp - tables of a query that are looked up by key: charged to it as its columns are
// (memory.hpp), since they grow with series, too. Open addressing, and in many small parts once
// there are some thousand keys: no part takes long to grow, and a table is given back in a few
// blocks, however many keys it has. Nothing is ever taken out. One thread.
#pragma once

#include "promql/memory.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace narthex::promql {

template <class Key, class T, class Hash = std::hash<Key>>
class CountedMap {
 public:
  std::size_t size() const { return size_; }
  // Null when there is none. Valid until the next try_emplace().
  const T* find(const Key& key) const {
    if (size_ == 0) return nullptr;
    const std::uint64_t hash = mixed(key);
    const Part& part = parts_[part_of(hash)];
    if (part.slots.empty()) return nullptr;
    const Slot& slot = part.slots[part.place_of(key, hash)];
    return slot.used ? &slot.value : nullptr;
  }
  // What is there under a key, or what was put there now; whether it was. Valid as above.
  std::pair<T*, bool> try_emplace(const Key& key, const T& value) {
    if (size_ == kKeysOfOnePart && parts_.size() < kParts) divide();
    if (parts_.empty()) parts_.resize(1);
    const std::uint64_t hash = mixed(key);
    Part& part = parts_[part_of(hash)];
    part.make_room();
    Slot& slot = part.slots[part.place_of(key, hash)];
    if (slot.used) return {&slot.value, false};
    slot = {key, value, true};
    ++part.size;
    ++size_;
    return {&slot.value, true};
  }

 private:
  static constexpr std::size_t kParts = 256;
  static constexpr std::size_t kKeysOfOnePart = 4096;

  struct Slot {
    Key key{};
    T value{};
    bool used = false;
  };
  struct Part {
    Column<Slot> slots;  // a power of two, or none
    std::size_t size = 0;

    // REQUIRES: a slot is free.
    std::size_t place_of(const Key& key, std::uint64_t hash) const {
      const std::size_t mask = slots.size() - 1;
      std::size_t at = hash & mask;
      while (slots[at].used && !(slots[at].key == key)) at = (at + 1) & mask;
      return at;
    }
    void make_room() {
      if (4 * (size + 1) <= 3 * slots.size()) return;
      Column<Slot> before(slots.empty() ? 16 : 2 * slots.size());
      before.swap(slots);
      for (const Slot& slot : before) {
        if (slot.used) slots[place_of(slot.key, mixed(slot.key))] = slot;
      }
    }
  };

  // Hashes of numbers are often the numbers.
  static std::uint64_t mixed(const Key& key) {
    std::uint64_t h = Hash()(key) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 32);
  }
  std::size_t part_of(std::uint64_t hash) const {
    return parts_.size() == 1 ? 0 : hash >> (64 - std::countr_zero(kParts));
  }
  void divide() {
    Column<Part> before(kParts);
    before.swap(parts_);
    for (const Slot& slot : before[0].slots) {
      if (!slot.used) continue;
      const std::uint64_t hash = mixed(slot.key);
      Part& part = parts_[part_of(hash)];
      part.make_room();
      part.slots[part.place_of(slot.key, hash)] = slot;
      ++part.size;
    }
  }

  Column<Part> parts_;  // one, or kParts; none before the first key
  std::size_t size_ = 0;
};

}  // namespace narthex::promql
