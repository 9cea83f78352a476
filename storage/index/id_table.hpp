// SPDX-License-Identifier: Apache-2.0
// id_table.hpp - finds the id of a thing by the hash of its key: open addressing, linear probing,
// 8 bytes an entry. The things themselves live elsewhere; the caller's predicate compares them.
// Not synchronised.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace narthex::storage::index {

class IdTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The id whose entry has this hash and satisfies equal(id), or kNone.
  template <class Equal>
  std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    if (slots_.empty()) return kNone;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.id == kNone) return kNone;
      if (slot.tag == tag && equal(slot.id)) return slot.id;
    }
  }

  void prefetch(std::uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[tag_of(hash) & mask()]);
  }

  // The id that stands first in the place of this hash, as a guess for prefetching; or kNone.
  std::uint32_t guess(std::uint64_t hash) const {
    return slots_.empty() ? kNone : slots_[tag_of(hash) & mask()].id;
  }

  // Makes sure that the next insert() needs no memory, and so does not fail.
  void make_room() {
    if ((count_ + 1) * 8 > slots_.size() * 7) grow();
  }
  // REQUIRES: no entry for this key.
  void insert(std::uint64_t hash, std::uint32_t id) {
    make_room();
    place({tag_of(hash), id});
    ++count_;
  }

  // REQUIRES: the entry is there.
  void erase(std::uint64_t hash, std::uint32_t id) {
    std::size_t at = tag_of(hash) & mask();
    while (slots_[at].id != id) at = (at + 1) & mask();
    // Entries behind move up, so that no search passes a gap on its way.
    for (std::size_t next = (at + 1) & mask(); slots_[next].id != kNone;
         next = (next + 1) & mask()) {
      const std::size_t home = slots_[next].tag & mask();
      if (((next - home) & mask()) >= ((next - at) & mask())) {
        slots_[at] = slots_[next];
        at = next;
      }
    }
    slots_[at].id = kNone;
    --count_;
  }

  std::size_t size() const { return count_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t id = kNone;
  };
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::size_t mask() const { return slots_.size() - 1; }

  void place(Slot slot) {
    std::size_t at = slot.tag & mask();
    while (slots_[at].id != kNone) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id != kNone) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t count_ = 0;
};

}  // namespace narthex::storage::index
