// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/label_sets.hpp"

#include <algorithm>

namespace narthex::storage::partition {
namespace {

constexpr std::size_t kSlotsAtFirst = 1024;

std::string_view text_of(const nx_series_table& batch, std::uint32_t symbol) {
  const nx_str& text = batch.symbols[symbol];
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

std::size_t hash_of(std::span<const std::uint32_t> pairs) {
  return std::hash<std::string_view>()(
      {reinterpret_cast<const char*>(pairs.data()), pairs.size_bytes()});
}

}  // namespace

fs::Status LabelSets::load(const Table& table, std::vector<std::uint32_t>& sets) {
  return table.identities(
      [&](std::uint32_t, const nx_series_table& batch) { load_batch(batch, sets); });
}

void LabelSets::load_batch(const nx_series_table& batch, std::vector<std::uint32_t>& sets) {
  known_.assign(batch.symbol_count, Known());
  std::vector<std::uint32_t> pairs;
  for (std::uint32_t s = 0; s < batch.series_count; ++s) {
    pairs.clear();
    for (std::uint32_t p = batch.label_off[s]; p < batch.label_off[s + 1]; ++p) {
      const std::uint32_t name = batch.label_ref[2 * p];
      const std::uint32_t value = batch.label_ref[2 * p + 1];
      Known& known = known_[value];
      if (known.name != name) known = {name, pair(text_of(batch, name), text_of(batch, value))};
      pairs.push_back(known.pair);
    }
    sets.push_back(set(pairs));
  }
}

std::uint32_t LabelSets::symbol(std::string_view text) {
  if (const auto at = symbols_.find(text); at != symbols_.end()) return at->second;
  const auto id = static_cast<std::uint32_t>(texts_.size());
  symbols_.emplace(texts_.emplace_back(text), id);
  return id;
}

std::uint32_t LabelSets::pair(std::string_view name, std::string_view value) {
  const std::uint32_t name_id = symbol(name);
  const std::uint32_t value_id = symbol(value);
  const std::uint64_t key = std::uint64_t{name_id} << 32 | value_id;
  const auto [at, added] = pair_ids_.emplace(key, static_cast<std::uint32_t>(pairs_.size()));
  if (added) pairs_.emplace_back(name_id, value_id);
  return at->second;
}

std::uint32_t LabelSets::set(std::span<const std::uint32_t> pairs) {
  if (slots_.size() < 2 * (ends_.size() + 1)) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_of(pairs) & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    if (std::ranges::equal(members(slots_[at] - 1), pairs)) return slots_[at] - 1;
  }
  members_.insert(members_.end(), pairs.begin(), pairs.end());
  ends_.push_back(members_.size());
  slots_[at] = static_cast<std::uint32_t>(ends_.size());
  return slots_[at] - 1;
}

void LabelSets::grow() {
  slots_.assign(std::max(kSlotsAtFirst, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t set = 0; set < ends_.size(); ++set) {
    std::size_t at = hash_of(members(set)) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = set + 1;
  }
}

std::span<const std::uint32_t> LabelSets::members(std::uint32_t set) const {
  const std::size_t begin = set == 0 ? 0 : ends_[set - 1];
  return std::span(members_).subspan(begin, ends_[set] - begin);
}

void LabelSets::labels(std::uint32_t set, std::vector<Label>& out) const {
  out.clear();
  for (const std::uint32_t pair : members(set)) {
    out.push_back({texts_[pairs_[pair].first], texts_[pairs_[pair].second]});
  }
}

}  // namespace narthex::storage::partition
