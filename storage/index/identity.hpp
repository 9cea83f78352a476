// SPDX-License-Identifier: Apache-2.0
// identity.hpp - what a series is: its labels and its number, and one pointer of the backend's.
//
// Everything but the state and the postings is constant. A reader that found an identity may look
// at it until it leaves its epoch, also when the series is removed meanwhile.
#pragma once

#include "storage/index/postings.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::storage::index {

// One label, shared by all series that have it. The texts are constant; the postings belong to the
// label index and its lock.
struct Pair {
  std::string_view name;
  std::string_view value;
  std::uint32_t name_symbol;
  std::uint32_t value_symbol;
  std::uint32_t id;        // in the index
  std::uint32_t position;  // among the pairs of its name
  Ids postings;
};

// One allocation: the labels stand behind it, since a vector would cost 40 bytes more a series.
class Identity {
 public:
  static Identity* make(std::uint32_t id, std::uint64_t hash, std::span<Pair* const> labels);
  static void free(Identity* identity);
  // What `labels` labels cost, without what the allocator adds.
  static constexpr std::size_t bytes(std::size_t labels) {
    return sizeof(Identity) + labels * sizeof(Pair*);
  }

  std::uint32_t id() const { return id_; }
  // Of the label set; seeded once a process.
  std::uint64_t hash() const { return hash_; }
  // Sorted by name.
  std::span<Pair* const> pairs() const {
    return {reinterpret_cast<Pair* const*>(this + 1), count_};
  }
  // The pair of this label, or nullptr.
  const Pair* pair_of(std::uint32_t name_symbol) const;
  // What the backend's StateHooks made for it; nullptr without hooks.
  void* state() const { return state_; }

 private:
  friend class LabelIndex;
  Identity(std::uint32_t id, std::uint64_t hash, std::uint32_t count)
      : hash_(hash), id_(id), count_(count) {}
  ~Identity() = default;

  const std::uint64_t hash_;
  const std::uint32_t id_;
  const std::uint32_t count_;
  void* state_ = nullptr;  // constant once others can find the identity
};

// By (name, value) pairs, bytewise: the order of NX_SCAN_SORTED.
bool label_order(const Identity& a, const Identity& b);

}  // namespace narthex::storage::index
