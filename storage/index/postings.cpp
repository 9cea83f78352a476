// SPDX-License-Identifier: Apache-2.0
#include "storage/index/postings.hpp"

#include <algorithm>
#include <bit>
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

// From this many ids on, and in a range not much wider, a bitmap beats sorting.
constexpr std::size_t kBitmapIdsMin = 1024;
constexpr std::size_t kBitmapSpread = 64;

Ids unite_in_bitmap(std::span<const std::span<const std::uint32_t>> lists, std::uint32_t least,
                    std::uint32_t most) {
  std::vector<std::uint64_t> words((most - least) / 64 + 1);
  for (const auto& list : lists) {
    for (const std::uint32_t id : list)
      words[(id - least) / 64] |= std::uint64_t{1} << (id - least) % 64;
  }
  std::size_t count = 0;
  for (const std::uint64_t word : words) count += static_cast<std::size_t>(std::popcount(word));
  Ids out;
  out.reserve(count);
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
      out.push_back(least + static_cast<std::uint32_t>(w * 64) +
                    static_cast<std::uint32_t>(std::countr_zero(word)));
    }
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

Ids unite(std::span<const std::span<const std::uint32_t>> lists) {
  std::size_t total = 0;
  std::size_t filled = 0;
  std::uint32_t least = UINT32_MAX;
  std::uint32_t most = 0;
  for (const auto& list : lists) {
    if (list.empty()) continue;
    total += list.size();
    ++filled;
    least = std::min(least, list.front());
    most = std::max(most, list.back());
  }
  if (filled > 1 && total >= kBitmapIdsMin && (most - least) / kBitmapSpread < total) {
    return unite_in_bitmap(lists, least, most);
  }
  Ids out;
  out.reserve(total);
  for (const auto& list : lists) out.insert(out.end(), list.begin(), list.end());
  if (filled > 1) {
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
  return out;
}

}  // namespace narthex::storage::index
