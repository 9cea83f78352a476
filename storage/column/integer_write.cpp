// SPDX-License-Identifier: Apache-2.0
#include "storage/column/block_head.hpp"
#include "storage/column/integer_column.hpp"

#include <algorithm>

namespace narthex::storage::column {
namespace {

void put_patches(const std::uint64_t* residual, std::size_t count, const BlockPlan& plan,
                 Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(plan.patches));
  for (std::size_t i = 0; i < count; ++i) {
    if (residual[i] >> plan.width != 0) out.push_back(static_cast<std::uint8_t>(i));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t high = residual[i] >> plan.width;
    if (high != 0) put_varint(out, high);
  }
}

void pack_tail(const std::uint64_t* v, std::size_t count, unsigned width, std::uint8_t* out) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (kWidthMax - width);
  std::size_t bit = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t value = v[i] & mask;
    for (unsigned left = width; left > 0;) {
      const unsigned shift = bit % 8;
      const unsigned taken = std::min(left, 8 - shift);
      out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] | (value << shift));
      value >>= taken;
      left -= taken;
      bit += taken;
    }
  }
}

void put_packed(const std::uint64_t* v, std::size_t count, unsigned width, Bytes& out) {
  if (width == 0) return;
  const std::size_t at = out.size();
  out.resize(at + packed_size(count, width));
  if (count == kBlockRows) {
    kernels().pack(v, width, out.data() + at);
  } else {
    pack_tail(v, count, width, out.data() + at);
  }
}

// The header of one block; `expected` is what its reader takes for granted.
void put_block_head(Transform transform, const BlockPlan& plan, const BlockStart& start,
                    const BlockStart& expected, const std::uint64_t* offsets, std::size_t count,
                    Bytes& out) {
  if (plan.width == 0 && plan.patches == 0 && start == expected) {
    out.push_back(kAsExpected);
    return;
  }
  out.push_back(static_cast<std::uint8_t>(plan.width | (plan.patches > 0 ? kPatched : 0)));
  put_difference(out, start.base, expected.base);
  if (transform == kDeltaOfDelta) put_difference(out, start.step, expected.step);
  if (transform >= kDelta) put_difference(out, start.k, expected.k);
  if (plan.patches > 0) put_patches(offsets, count, plan, out);
}

// Where block `index` starts. `lead` is the difference that was put before the first row.
BlockStart start_of(const IntegerScratch& scratch, Transform transform, std::size_t index,
                    std::uint64_t lead, std::uint64_t base) {
  BlockStart start{base, 0, 0};
  if (transform < kDelta) return start;
  const std::size_t row = index * kBlockRows;
  if (row > 0) start.k = scratch.k[row - 1] + lead;
  if (transform == kDeltaOfDelta) {
    start.step = row > 0 ? scratch.k[row - 1] - scratch.k[row - 2] : lead;
  }
  return start;
}

}  // namespace

void put_integers(std::uint64_t first, std::size_t count, const IntegerPlan& plan,
                  IntegerScratch& scratch, Bytes& out) {
  if (plan.constant) {
    put_varint(out, zigzag(first));
    return;
  }
  const std::span<const std::uint64_t> k(scratch.k.data(), count);
  const std::uint64_t lead = plan.transform >= kDelta ? k[1] - k[0] : 0;
  put_varint(out, zigzag(first - plan.factor * lead));
  if (plan.transform == kLine) put_varint(out, plan.slope);
  std::array<BlockPlan, kBlocksMax> plans;
  BlockStart expected;
  for (std::size_t b = 0; b < block_count(count); ++b) {
    const std::size_t row = b * kBlockRows;
    const std::size_t rows = std::min(kBlockRows, count - row);
    std::uint64_t* residual = scratch.residual.data() + row;
    residuals(k, plan.transform, plan.slope, row, rows, residual);
    plans[b] = plan_block(residual, rows);
    for (std::size_t i = 0; i < rows; ++i) residual[i] -= plans[b].base;
    const BlockStart start = start_of(scratch, plan.transform, b, lead, plans[b].base);
    put_block_head(plan.transform, plans[b], start, expected, residual, rows, out);
    expected = expected_after(start, plan.transform, plans[b].width);
  }
  for (std::size_t b = 0; b < block_count(count); ++b) {
    const std::size_t row = b * kBlockRows;
    put_packed(scratch.residual.data() + row, std::min(kBlockRows, count - row), plans[b].width,
               out);
  }
}

void put_scale(const IntegerPlan& plan, unsigned exponent, Bytes& out) {
  if (plan.factor == 1 && exponent == 0) return;
  out.push_back(static_cast<std::uint8_t>(exponent | (plan.factor != 1 ? kScaleFactor : 0)));
  if (plan.factor != 1) put_varint(out, plan.factor);
}

void encode_integers(std::span<const std::uint64_t> m, Effort effort, IntegerScratch& scratch,
                     Bytes& out) {
  const IntegerPlan plan = plan_integers(m, effort, scratch);
  out.push_back(head_of(plan));
  put_scale(plan, 0, out);
  put_integers(m[0], m.size(), plan, scratch, out);
}

}  // namespace narthex::storage::column
