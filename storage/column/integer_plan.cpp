// SPDX-License-Identifier: Apache-2.0
#include "storage/column/block_head.hpp"
#include "storage/column/integer_column.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace narthex::storage::column {
void residuals(std::span<const std::uint64_t> k, Transform transform, std::uint64_t slope,
               std::size_t from, std::size_t count, std::uint64_t* out) {
  const std::uint64_t lead = k.size() > 1 ? k[1] - k[0] : 0;
  switch (transform) {
    case kFrame:
      std::memcpy(out, k.data() + from, count * sizeof *out);
      return;
    case kLine:
      for (std::size_t i = 0; i < count; ++i) {
        out[i] = k[from + i] - (((from + i) * slope) >> kSlopeShift);
      }
      return;
    case kDelta:
      out[0] = from == 0 ? lead : k[from] - k[from - 1];
      for (std::size_t i = 1; i < count; ++i) out[i] = k[from + i] - k[from + i - 1];
      return;
    case kDeltaOfDelta:
      for (std::size_t i = 0; i < std::min<std::size_t>(count, 2); ++i) {
        out[i] = from + i < 2 ? 0 : k[from + i] - 2 * k[from + i - 1] + k[from + i - 2];
      }
      for (std::size_t i = 2; i < count; ++i) {
        out[i] = k[from + i] - 2 * k[from + i - 1] + k[from + i - 2];
      }
      return;
  }
}

namespace {

constexpr std::uint64_t kSlopeMax = std::uint64_t{1} << 52;  // 1,024 of them stay below 2^62

std::uint64_t magnitude(std::uint64_t value) {
  return static_cast<std::int64_t>(value) < 0 ? 0 - value : value;
}

// The greatest number that divides all of k; 0 when all are 0.
std::uint64_t divisor_of(std::span<const std::uint64_t> k) {
  std::uint64_t any = 0;
  for (const std::uint64_t value : k) any |= value;
  if (any == 0) return 0;
  const int twos = std::countr_zero(any);
  std::uint64_t odd = 0;
  // A few far apart end it for nearly every column that has no divisor.
  const std::size_t stride = std::max<std::size_t>(1, k.size() / 16);
  for (std::size_t i = 0; i < k.size() && odd != 1; i += stride) {
    odd = std::gcd(odd, magnitude(k[i]) >> twos);
  }
  for (std::size_t i = 0; i < k.size() && odd != 1; ++i) {
    const std::uint64_t value = magnitude(k[i]) >> twos;
    if (odd == 0 || value % odd != 0) odd = std::gcd(odd, value);
  }
  return odd << twos;
}

void divide(std::span<std::uint64_t> k, std::uint64_t by) {
  if (std::has_single_bit(by)) {
    const int shift = std::countr_zero(by);
    for (std::uint64_t& value : k) {
      value = static_cast<std::uint64_t>(static_cast<std::int64_t>(value) >> shift);
    }
    return;
  }
  for (std::uint64_t& value : k) {
    const std::uint64_t quotient = magnitude(value) / by;
    value = static_cast<std::int64_t>(value) < 0 ? 0 - quotient : quotient;
  }
}

// Rise a row from the first to the last, in 1/1024; 0 where a line is no help.
std::uint64_t slope_of(std::span<const std::uint64_t> k) {
  const std::uint64_t rise = k.back();
  if (k.size() < 4 || static_cast<std::int64_t>(rise) <= 0 || rise >= kSlopeMax) return 0;
  return (rise << kSlopeShift) / (k.size() - 1);
}

// Which blocks a decision is made from.
struct BlockChoice {
  std::size_t first;
  std::size_t stride;
  std::size_t count(std::size_t blocks) const { return (blocks - first - 1) / stride + 1; }
};

BlockChoice choice_of(std::size_t blocks, Effort effort) {
  if (effort == Effort::kThorough || blocks < 4) return {0, 1};
  return {1, 4};
}

std::size_t cost_of(std::span<const std::uint64_t> k, Transform transform, std::uint64_t slope,
                    BlockChoice choice) {
  std::uint64_t residual[kBlockRows];
  std::size_t bytes = 0;
  for (std::size_t b = choice.first; b < block_count(k.size()); b += choice.stride) {
    const std::size_t count = std::min(kBlockRows, k.size() - b * kBlockRows);
    residuals(k, transform, slope, b * kBlockRows, count, residual);
    const BlockPlan plan = plan_block(residual, count);
    // Width, base, and what a difference starts from, which takes some bits more than a residual.
    const std::size_t state = transform < kDelta || b == 0 ? 0 : (plan.width + 12) / 7;
    bytes += plan.bytes + 1 + (transform < kDelta ? 2 : 1) + state * (transform == kDelta ? 1 : 2);
  }
  return bytes;
}

void choose_transform(std::span<const std::uint64_t> k, BlockChoice choice, IntegerPlan& plan) {
  const std::uint64_t slope = slope_of(k);
  plan.bytes = cost_of(k, kFrame, 0, choice);
  const auto consider = [&](Transform transform) {
    const std::size_t bytes = cost_of(k, transform, slope, choice);
    if (bytes >= plan.bytes) return;
    plan.bytes = bytes;
    plan.transform = transform;
    plan.slope = transform == kLine ? slope : 0;
  };
  consider(kDelta);
  if (slope != 0) consider(kLine);
  // A second difference gains only where first differences move slowly, and then by a lot.
  if (plan.transform != kFrame) consider(kDeltaOfDelta);
}

}  // namespace

IntegerPlan plan_integers(std::span<const std::uint64_t> m, Effort effort,
                          IntegerScratch& scratch) {
  const std::span<std::uint64_t> k(scratch.k.data(), m.size());
  for (std::size_t i = 0; i < m.size(); ++i) k[i] = m[i] - m[0];
  IntegerPlan plan;
  plan.factor = divisor_of(k);
  if (plan.factor == 0) {
    plan.factor = 1;
    plan.constant = true;
    plan.bytes = 1 + varint_size(zigzag(m[0]));
    return plan;
  }
  if (plan.factor > 1) divide(k, plan.factor);
  const std::size_t blocks = block_count(m.size());
  const BlockChoice choice = choice_of(blocks, effort);
  const std::size_t chosen = choice.count(blocks);
  choose_transform(k, choice, plan);
  constexpr std::size_t kWorthMore = 16;  // bytes a block: a quiet sample says nothing
  if (chosen < blocks && plan.bytes <= kWorthMore * chosen) {
    plan.transform = kFrame;
    choose_transform(k, {0, 1}, plan);
  } else {
    plan.bytes = plan.bytes * blocks / chosen;
  }
  plan.bytes += 8;
  return plan;
}

std::size_t estimate_differences(std::span<const std::uint64_t> m) {
  const std::size_t blocks = block_count(m.size());
  const BlockChoice choice = choice_of(blocks, Effort::kSample);
  return cost_of(m, kDelta, 0, choice) * blocks / choice.count(blocks) + 8;
}

}  // namespace narthex::storage::column
