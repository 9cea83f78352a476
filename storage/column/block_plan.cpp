// SPDX-License-Identifier: Apache-2.0
#include "storage/column/block_plan.hpp"

#include "storage/bytes/bytes.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace narthex::storage::column {
namespace {

struct Bounds {
  std::int64_t least;
  std::int64_t greatest;
};

Bounds bounds_of(const std::uint64_t* v, std::size_t count) {
  Bounds bounds{};
  if (count == kBlockRows) {
    kernels().bounds(v, &bounds.least, &bounds.greatest);
    return bounds;
  }
  bounds.least = bounds.greatest = static_cast<std::int64_t>(v[0]);
  for (std::size_t i = 1; i < count; ++i) {
    const auto value = static_cast<std::int64_t>(v[i]);
    bounds.least = std::min(bounds.least, value);
    bounds.greatest = std::max(bounds.greatest, value);
  }
  return bounds;
}

unsigned width_of(std::uint64_t value) { return static_cast<unsigned>(std::bit_width(value)); }

// Which width is cheapest from this base, by how many offsets have how many bits.
BlockPlan plan_from(const std::uint64_t* v, std::size_t count, std::uint64_t base,
                    unsigned widest) {
  // Four counters a width: equal widths in a row would wait for one another's increment.
  std::array<std::array<std::uint8_t, 4>, kWidthMax + 1> seen{};
  for (std::size_t i = 0; i < count; ++i) ++seen[width_of(v[i] - base)][i % 4];
  BlockPlan best{base, widest, 0, packed_size(count, widest)};
  std::size_t patches = 0;
  // A patch is its position and the bits above the width, here taken as those of the widest.
  for (unsigned width = widest; width-- > 0;) {
    const auto& more = seen[width + 1];
    patches += std::size_t{more[0]} + more[1] + more[2] + more[3];
    if (patches * 2 >= count) break;  // each costs two bytes at least
    const std::size_t high_size = (widest - width + 6) / 7;
    const std::size_t bytes =
        packed_size(count, width) + (patches == 0 ? 0 : 1 + patches * (1 + high_size));
    if (bytes >= best.bytes) continue;
    best = {base, width, static_cast<unsigned>(patches), bytes};
  }
  return best;
}

// The least value that is no outlier: a reset of a counter is one far below, and as the base it
// would widen every other offset. False: the least is as good as any.
bool robust_base(const std::uint64_t* v, std::size_t count, std::int64_t least,
                 std::uint64_t* base) {
  constexpr std::size_t kProbes = 16;
  std::array<std::int64_t, kProbes> probe;
  for (std::size_t i = 0; i < kProbes; ++i) {
    probe[i] = static_cast<std::int64_t>(v[i * count / kProbes]);
  }
  std::sort(probe.begin(), probe.end());
  const auto low = static_cast<std::uint64_t>(probe[1]);
  const std::uint64_t spread = static_cast<std::uint64_t>(probe[kProbes - 2]) - low;
  const std::uint64_t below = low - static_cast<std::uint64_t>(least);
  if (below / 4 <= spread + 1) return false;
  const std::uint64_t floor = low - std::min(below, spread + 1);
  std::uint64_t found = low;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::int64_t>(v[i]);
    if (value >= static_cast<std::int64_t>(floor) && value < static_cast<std::int64_t>(found)) {
      found = v[i];
    }
  }
  *base = found;
  return true;
}

}  // namespace

BlockPlan plan_block(const std::uint64_t* v, std::size_t count) {
  const Bounds bounds = bounds_of(v, count);
  const auto least = static_cast<std::uint64_t>(bounds.least);
  const unsigned widest = width_of(static_cast<std::uint64_t>(bounds.greatest) - least);
  if (widest < 2 && (widest == 0 || count < 16)) {
    return {least, widest, 0, packed_size(count, widest)};
  }
  BlockPlan best = plan_from(v, count, least, widest);
  std::uint64_t base = 0;
  if (widest >= 4 && robust_base(v, count, bounds.least, &base)) {
    // Offsets below the base wrap around to 64 bits.
    const BlockPlan other = plan_from(v, count, base, kWidthMax);
    if (other.bytes < best.bytes) best = other;
  }
  return best;
}

}  // namespace narthex::storage::column
