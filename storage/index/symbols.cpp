// SPDX-License-Identifier: Apache-2.0
#include "storage/index/symbols.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <memory>
#include <random>

namespace narthex::storage::index {
namespace {

std::uint64_t make_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

void free_text(void* text) { delete[] static_cast<char*>(text); }

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  static const std::uint64_t seed = make_seed();
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

Symbols::~Symbols() {
  for (const Entry& entry : entries_) {
    if (entry.uses != 0) free_text(const_cast<char*>(entry.text.data()));
  }
}

std::uint32_t Symbols::find(std::string_view text) const {
  return table_.find(hash_text(text), [&](std::uint32_t id) { return entries_[id].text == text; });
}

std::uint32_t Symbols::use(std::string_view text) {
  const std::uint64_t hash = hash_text(text);
  std::uint32_t id =
      table_.find(hash, [&](std::uint32_t candidate) { return entries_[candidate].text == text; });
  if (id != kNone) {
    ++entries_[id].uses;
    return id;
  }
  // Whatever needs memory comes first: an entry that is in half would be dropped later.
  table_.make_room();
  auto copy = std::make_unique<char[]>(text.size() + 1);
  if (free_.empty() || !epochs_.passed(free_.front().first)) {
    id = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    id = free_.front().second;
    free_.pop_front();
  }
  if (!text.empty()) std::memcpy(copy.get(), text.data(), text.size());
  // Released by drop() or the destructor.
  entries_[id] = {{copy.release(), text.size()}, hash, 1};
  table_.insert(hash, id);
  text_bytes_ += text.size() + 1;
  return id;
}

void Symbols::drop(std::uint32_t id) {
  Entry& entry = entries_[id];
  if (--entry.uses != 0) return;
  table_.erase(entry.hash, id);
  text_bytes_ -= entry.text.size() + 1;
  free_.emplace_back(
      epochs_.retire(const_cast<char*>(entry.text.data()), &free_text, entry.text.size() + 1), id);
}

}  // namespace narthex::storage::index
