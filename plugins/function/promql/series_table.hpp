// SPDX-License-Identifier: Apache-2.0
// series_table.hpp - reading the label sets that a kernel got. Views; nothing is owned.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/text.hpp>

#include <string_view>
#include <vector>

namespace narthex::function_promql {

inline std::vector<nx_label> labels_of(const nx_series_table& table, std::uint32_t series) {
  std::vector<nx_label> out;
  for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
    out.push_back(
        {table.symbols[table.label_ref[2 * p]], table.symbols[table.label_ref[2 * p + 1]]});
  }
  return out;
}

// Empty when there is no such label.
inline std::string_view label_of(const nx_series_table& table, std::uint32_t series,
                                 std::string_view name) {
  for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
    if (view(table.symbols[table.label_ref[2 * p]]) == name) {
      return view(table.symbols[table.label_ref[2 * p + 1]]);
    }
  }
  return {};
}

// Pair by pair, name then value; a prefix comes first.
inline int compare_labels(const nx_series_table& table, std::uint32_t a, std::uint32_t b) {
  std::uint32_t p = table.label_off[a];
  std::uint32_t q = table.label_off[b];
  for (; p < table.label_off[a + 1] && q < table.label_off[b + 1]; ++p, ++q) {
    for (const std::uint32_t part : {0u, 1u}) {
      const int order = view(table.symbols[table.label_ref[2 * p + part]])
                            .compare(view(table.symbols[table.label_ref[2 * q + part]]));
      if (order != 0) return order;
    }
  }
  if (p < table.label_off[a + 1]) return 1;
  return q < table.label_off[b + 1] ? -1 : 0;
}

}  // namespace narthex::function_promql
