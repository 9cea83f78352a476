// SPDX-License-Identifier: Apache-2.0
#include "storage/index/postings.hpp"

#include <algorithm>
#include <iterator>

namespace narthex::storage::index {
namespace {

// From this ratio of lengths on, leaping beats merging.
constexpr std::size_t kLeapRatio = 16;

Ids leap(std::span<const std::uint32_t> few, std::span<const std::uint32_t> many) {
  Ids out;
  auto at = many.begin();
  for (const std::uint32_t id : few) {
    std::size_t stride = 1;
    auto behind = at;
    while (static_cast<std::size_t>(many.end() - at) > stride &&
           at[static_cast<std::ptrdiff_t>(stride)] < id) {
      behind = at + static_cast<std::ptrdiff_t>(stride);
      stride *= 2;
    }
    const auto reach = at + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                stride + 1, static_cast<std::size_t>(many.end() - at)));
    at = std::lower_bound(behind, reach, id);
    if (at == many.end()) break;
    if (*at == id) out.push_back(id);
  }
  return out;
}

}  // namespace

Ids intersect(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (a.size() * kLeapRatio < b.size()) return leap(a, b);
  Ids out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

}  // namespace narthex::storage::index
