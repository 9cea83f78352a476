// SPDX-License-Identifier: Apache-2.0
#include "storage/index/identity.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace narthex::storage::index {

Identity* Identity::make(std::uint32_t id, std::uint64_t hash, std::span<Pair* const> labels) {
  void* memory = ::operator new(bytes(labels.size()));  // released by free()
  auto* identity = ::new (memory) Identity(id, hash, static_cast<std::uint32_t>(labels.size()));
  std::uninitialized_copy(labels.begin(), labels.end(), reinterpret_cast<Pair**>(identity + 1));
  return identity;
}

void Identity::free(Identity* identity) {
  identity->~Identity();
  ::operator delete(identity);
}

const Pair* Identity::pair_of(std::uint32_t name_symbol) const {
  for (const Pair* pair : pairs()) {
    if (pair->name_symbol == name_symbol) return pair;
  }
  return nullptr;
}

bool label_order(const Identity& a, const Identity& b) {
  const std::span<Pair* const> x = a.pairs();
  const std::span<Pair* const> y = b.pairs();
  const std::size_t count = std::min(x.size(), y.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (x[i] == y[i]) continue;
    if (x[i]->name_symbol != y[i]->name_symbol) return x[i]->name < y[i]->name;
    return x[i]->value < y[i]->value;
  }
  return x.size() < y.size();
}

}  // namespace narthex::storage::index
