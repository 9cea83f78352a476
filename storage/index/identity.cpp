// SPDX-License-Identifier: Apache-2.0
#include "storage/index/identity.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace narthex::storage::index {

Identity* Identity::make(const StateHooks& hooks, std::uint32_t id,
                         std::span<const std::uint32_t> pairs) {
  auto* memory = static_cast<std::byte*>(take_series_memory(hooks.bytes + bytes(pairs.size())));
  hooks.make(memory);
  auto* identity = ::new (static_cast<void*>(memory + hooks.bytes))
      Identity(id, static_cast<std::uint32_t>(pairs.size()));
  std::uninitialized_copy(pairs.begin(), pairs.end(),
                          reinterpret_cast<std::uint32_t*>(identity + 1));
  return identity;
}

const Pair* Identity::pair_of(std::uint32_t name_symbol) const {
  for (const Pair* pair : pairs()) {
    if (pair->name_symbol == name_symbol) return pair;
  }
  return nullptr;
}

bool label_order(const Identity& a, const Identity& b) {
  const Pairs x = a.pairs();
  const Pairs y = b.pairs();
  const std::size_t count = std::min(x.size(), y.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (x[i] == y[i]) continue;
    if (x[i]->name_symbol != y[i]->name_symbol) return x[i]->name < y[i]->name;
    return x[i]->value < y[i]->value;
  }
  return x.size() < y.size();
}

}  // namespace narthex::storage::index
