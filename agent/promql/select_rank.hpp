// SPDX-License-Identifier: Apache-2.0
// select_rank.hpp - the value of a rank among many without sorting them, looking all along whether
// to stop. Linear time for any order of values, but for one made against these very pivots.
#pragma once

#include "promql/context.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace narthex::promql {

// What is selected and sorted in one go: well below a millisecond.
inline constexpr std::size_t kSelectedAtOnce = std::size_t{1} << 14;

// Puts the value of a rank, from 0, into its place: none before it is greater, none behind it less.
// False when the query has ended. REQUIRES: rank < values.size().
template <class Less>
bool select_rank(Context& context, Column<double>& values, std::size_t rank, const Less& less) {
  std::size_t first = 0;
  std::size_t last = values.size();
  std::uint64_t random = 0x9E3779B97F4A7C15u;
  const auto any = [&] {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return values[first + (random >> 32) % (last - first)];
  };
  while (last - first > kSelectedAtOnce) {
    double a = any();
    double pivot = any();
    double b = any();
    if (less(b, a)) std::swap(a, b);
    pivot = std::clamp(pivot, a, b, less);  // the middle one of the three
    // [first, below) is less, [below, next) is equal, [above, last) is greater.
    std::size_t below = first;
    std::size_t above = last;
    for (std::size_t next = first; next < above;) {
      if (context.stop_after(4)) return false;
      if (less(values[next], pivot)) {
        std::swap(values[below++], values[next++]);
      } else if (less(pivot, values[next])) {
        std::swap(values[next], values[--above]);
      } else {
        ++next;
      }
    }
    if (rank < below) {
      last = below;
    } else if (rank < above) {
      return true;
    } else {
      first = above;
    }
  }
  const auto at = [&](std::size_t i) { return values.begin() + static_cast<std::ptrdiff_t>(i); };
  std::nth_element(at(first), at(rank), at(last), less);
  return true;
}

}  // namespace narthex::promql
