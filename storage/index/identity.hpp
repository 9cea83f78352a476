// SPDX-License-Identifier: Apache-2.0
// identity.hpp - what a series is: its labels and its number, and before it what a backend keeps.
//
// Everything but the state and the postings is constant. A reader that found an identity may look
// at it until it leaves its epoch, also when the series is removed meanwhile.
#pragma once

#include "storage/index/pair.hpp"
#include "storage/index/series_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

namespace narthex::storage::index {

class Identity;

// What a backend keeps for a series: `bytes` (a multiple of 8) right before its identity, in the
// same piece of memory. make() runs under the index's lock, before anyone can find the series: it
// may not call the index. free() ends the state and gives the piece back when no reader can see it.
struct StateHooks {
  std::size_t bytes;
  void (*make)(void* state);
  void (*free)(void* state);
};

// One piece of memory: the state, this, and the handles of the labels. There are millions of them.
class Identity {
 public:
  // To be given back by hooks.free(), which takes where the state is.
  static Identity* make(const StateHooks& hooks, std::uint32_t id,
                        std::span<const std::uint32_t> pairs);
  // The state of so many bytes. A state is never constant, however the identity was found.
  void* state(std::size_t bytes) const {
    return reinterpret_cast<std::byte*>(const_cast<Identity*>(this)) - bytes;
  }
  // What `labels` labels cost, without the state and what the allocator adds.
  static constexpr std::size_t bytes(std::size_t labels) {
    return sizeof(Identity) + labels * sizeof(std::uint32_t);
  }

  std::uint32_t id() const { return id_; }
  // Sorted by name.
  Pairs pairs() const { return {handles(), count_}; }
  // The pair of this label, or nullptr.
  const Pair* pair_of(std::uint32_t name_symbol) const;

 private:
  Identity(std::uint32_t id, std::uint32_t count) : id_(id), count_(count) {}
  ~Identity() = default;
  const std::uint32_t* handles() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }

  const std::uint32_t id_;
  const std::uint32_t count_;
};

template <class State>
StateHooks state_hooks() {
  static_assert(sizeof(State) % 8 == 0 && alignof(State) <= 8);
  static_assert(std::is_nothrow_default_constructible_v<State>);
  return {sizeof(State), [](void* memory) { ::new (memory) State(); },
          [](void* memory) {
            auto* state = static_cast<State*>(memory);
            const std::size_t labels = reinterpret_cast<const Identity*>(state + 1)->pairs().size();
            state->~State();
            give_series_memory(memory, sizeof(State) + Identity::bytes(labels));
          }};
}

// By (name, value) pairs, bytewise: the order of NX_SCAN_SORTED.
bool label_order(const Identity& a, const Identity& b);

}  // namespace narthex::storage::index
