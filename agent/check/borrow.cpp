// SPDX-License-Identifier: Apache-2.0
#include "check/borrow.hpp"

#include <cstddef>
#include <new>

namespace narthex::check {

void* Borrow::room(std::size_t size, const char* label, bool sealed) {
  if (Region* region = mode_.guarded ? make_region(size, label, entry_) : nullptr;
      region != nullptr) {
    (sealed ? sealed_ : open_).push_back(region);
    return region->first;
  }
  const std::size_t units = (size + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
  return plain_.emplace_back(std::make_unique<std::max_align_t[]>(units)).get();
}

nx_str Borrow::text(std::string_view text, const char* label) {
  if (text.empty()) return {nullptr, 0};
  return {array(std::span<const char>(text), label), text.size()};
}

nx_value Borrow::tree(const nx_value& value, const char* label) {
  nx_value copy = value;
  if (value.type == NX_STRING) {
    copy.u.s = text({value.u.s, value.len}, label).ptr;
    if (copy.u.s == nullptr) copy.u.s = "";
  } else if (value.type == NX_ARRAY) {
    std::vector<nx_value> items;
    for (std::uint32_t i = 0; i < value.len; ++i) items.push_back(tree(value.u.items[i], label));
    copy.u.items = array(items, label);
  } else if (value.type == NX_TABLE) {
    std::vector<nx_kv> entries;
    for (std::uint32_t i = 0; i < value.len; ++i) {
      const nx_kv& from = value.u.entries[i];
      entries.push_back({text(view(from.key), label), tree(from.value, label)});
    }
    copy.u.entries = array(entries, label);
  }
  return copy;
}

std::vector<nx_label> Borrow::labels(std::span<const nx_label> labels, const char* label) {
  std::vector<nx_label> copies;
  for (const nx_label& each : labels) {
    copies.push_back({text(view(each.name), label), text(view(each.value), label)});
  }
  return copies;
}

const nx_series_table* Borrow::table(const nx_series_table& table, const char* label) {
  nx_series_table copy = table;
  std::vector<nx_str> symbols;
  for (std::uint32_t i = 0; i < table.symbol_count; ++i) {
    symbols.push_back(text(view(table.symbols[i]), label));
  }
  copy.symbols = array(symbols, label);
  const std::size_t pairs = table.label_off[table.series_count];
  copy.label_ref = array(std::span(table.label_ref, 2 * pairs), label);
  copy.label_off = array(std::span(table.label_off, table.series_count + 1u), label);
  copy.symbol_id = table.symbol_id == nullptr
                       ? nullptr
                       : array(std::span(table.symbol_id, table.symbol_count), label);
  return make(copy, label);
}

void Borrow::seal() {
  for (Region* region : sealed_) {
    if (region->access == Access::kOpen) set_access(*region, Access::kReadOnly);
  }
}

void Borrow::revoke() {
  for (Region* region : sealed_) set_access(*region, Access::kRevoked);
  for (Region* region : open_) set_access(*region, Access::kRevoked);
  sealed_.clear();
  open_.clear();
  plain_.clear();
}

}  // namespace narthex::check
