// SPDX-License-Identifier: Apache-2.0
// sort_order.hpp - an order of rows that is found by comparing, looking all along whether to stop:
// a million label sets take most of a second. Stable.
#pragma once

#include "promql/context.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace narthex::promql {

// The numbers from 0 to count in order of less(a, b). False when the query has ended.
// work: of a comparison, in elements.
template <class Less>
bool sort_order(Context& context, std::size_t count, std::size_t work, const Less& less,
                Column<std::uint32_t>& order) {
  order.resize(count);
  std::iota(order.begin(), order.end(), 0u);
  Column<std::uint32_t> merged(count);
  for (std::size_t width = 1; width < count; width *= 2) {
    for (std::size_t first = 0; first < count; first += 2 * width) {
      const std::size_t middle = std::min(first + width, count);
      const std::size_t last = std::min(first + 2 * width, count);
      std::size_t a = first;
      std::size_t b = middle;
      for (std::size_t out = first; out < last; ++out) {
        if (context.stop_after(work)) return false;
        const bool second = a == middle || (b < last && less(order[b], order[a]));
        merged[out] = second ? order[b++] : order[a++];
      }
    }
    order.swap(merged);
  }
  return true;
}

}  // namespace narthex::promql
