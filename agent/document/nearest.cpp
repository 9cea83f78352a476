// SPDX-License-Identifier: Apache-2.0
#include "document/document.hpp"

#include <algorithm>
#include <numeric>

namespace narthex::document {

namespace {

// Edits (insert, delete, replace) between two names; a swap counts as two.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      row[j + 1] = std::min({above + 1, row[j] + 1, replaced});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kNameMax = 100;  // longer is no slip of the finger
  if (name.empty() || name.size() > kNameMax) return {};
  std::string_view best;
  std::size_t best_edits = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = distance(name, candidate);
    if (edits < best_edits && edits < candidate.size()) {
      best_edits = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace narthex::document
