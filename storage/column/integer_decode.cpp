// SPDX-License-Identifier: Apache-2.0
#include "storage/column/block_head.hpp"
#include "storage/column/integer_column.hpp"

#include <algorithm>

namespace narthex::storage::column {
namespace {

std::size_t rows_of_block(std::size_t index, std::size_t rows) {
  return std::min(kBlockRows, rows - index * kBlockRows);
}

// Reads past the patches, looking at each.
bool parse_patches(ByteReader& in, std::size_t rows, IntegerBlock& block) {
  block.patches = in.byte();
  const std::size_t at = in.position();
  for (const std::uint8_t row : in.bytes(block.patches)) {
    if (row >= rows) return false;
  }
  for (unsigned i = 0; i < block.patches; ++i) in.varint();
  if (!in.ok() || block.patches == 0) return false;
  block.patch_bytes = in.since(at);
  return true;
}

bool parse_block(ByteReader& in, Transform transform, std::size_t rows, const BlockStart& expected,
                 IntegerBlock& block) {
  const std::uint8_t code = in.byte();
  block.start = expected;
  block.width = 0;
  block.patches = 0;
  if (code == kAsExpected) return in.ok();
  block.width = code & (kPatched - 1);
  if (block.width > kWidthMax) return false;
  block.start.base = in.difference(expected.base);
  if (transform == kDeltaOfDelta) block.start.step = in.difference(expected.step);
  if (transform >= kDelta) block.start.k = in.difference(expected.k);
  if ((code & kPatched) != 0 && !parse_patches(in, rows, block)) return false;
  return in.ok();
}

void unpack_tail(ByteView packed, std::size_t count, unsigned width, std::uint64_t* v) {
  std::uint8_t padded[kBlockRows * sizeof *v + 16] = {};
  if (!packed.empty()) std::memcpy(padded, packed.data(), packed.size());
  const std::uint64_t mask = ~std::uint64_t{0} >> (kWidthMax - width);
  std::size_t bit = 0;
  if (width <= kWidthMax - 7) {  // inside of one word that begins at a byte
    for (std::size_t i = 0; i < count; ++i, bit += width) {
      std::uint64_t word = 0;
      std::memcpy(&word, padded + bit / 8, sizeof word);
      v[i] = (word >> (bit % 8)) & mask;
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i, bit += width) {
    std::uint64_t word = 0;
    std::memcpy(&word, padded + bit / 8, sizeof word);
    const std::uint64_t next = padded[bit / 8 + sizeof word];
    const unsigned shift = bit % 8;
    v[i] = ((word >> shift) | ((next << 1) << (kWidthMax - 1 - shift))) & mask;
  }
}

void add_patches(const IntegerBlock& block, std::uint64_t* v) {
  ByteReader in(block.patch_bytes);
  const ByteView rows = in.bytes(block.patches);
  for (const std::uint8_t row : rows)
    v[row] += block.width < kWidthMax ? in.varint() << block.width : 0;
}

// Whether each row is more than the one before by the same.
bool is_progression(Transform transform, const IntegerBlock& block) {
  if (block.width != 0 || block.patches != 0) return false;
  return transform == kDelta || (transform == kDeltaOfDelta && block.start.base == 0);
}

}  // namespace

bool parse_integers(ByteReader& in, std::size_t rows, IntegerBlocks& out) {
  out.origin = unzigzag(in.varint());
  if (out.constant) return in.ok();
  out.slope = out.transform == kLine ? in.varint() : 0;
  BlockStart expected;
  for (std::size_t b = 0; b < block_count(rows); ++b) {
    IntegerBlock& block = out.blocks[b];
    if (!parse_block(in, out.transform, rows_of_block(b, rows), expected, block)) {
      return false;
    }
    expected = expected_after(block.start, out.transform, block.width);
  }
  for (std::size_t b = 0; b < block_count(rows); ++b) {
    out.blocks[b].packed = in.bytes(packed_size(rows_of_block(b, rows), out.blocks[b].width));
  }
  return in.ok();
}

bool parse_scale(ByteReader& in, std::uint8_t head, std::uint64_t* factor, unsigned* exponent) {
  *factor = 1;
  *exponent = 0;
  if ((head & kHeadScaled) == 0) return true;
  const std::uint8_t scale = in.byte();
  *exponent = scale & kScaleExponent;
  if ((scale & kScaleFactor) != 0) *factor = in.varint();
  return in.ok() && (scale & ~(kScaleExponent | kScaleFactor)) == 0;
}

std::optional<std::uint64_t> constant_of(const IntegerBlocks& column, std::size_t index) {
  const IntegerBlock& block = column.blocks[index];
  const BlockStart& start = block.start;
  if (block.width != 0 || block.patches != 0) return std::nullopt;
  if (column.transform == kFrame) return column.origin + column.factor * start.base;
  const bool stands = column.transform != kLine && start.base == 0 &&
                      (column.transform == kDelta || start.step == 0);
  if (!stands) return std::nullopt;
  return column.origin + column.factor * start.k;
}

std::uint64_t unpack_integers(const IntegerBlocks& column, std::size_t index, std::size_t rows,
                              std::uint64_t* v) {
  const IntegerBlock& block = column.blocks[index];
  const std::size_t count = rows_of_block(index, rows);
  const BlockStart& start = block.start;
  if (is_progression(column.transform, block)) {
    const std::uint64_t difference = column.transform == kDelta ? start.base : start.step;
    kernels().progression(v, column.factor * start.k, column.factor * difference);
    return column.origin;
  }
  if (block.width == 0) {
    kernels().progression(v, 0, 0);
  } else if (count == kBlockRows) {
    kernels().unpack(block.packed.data(), block.width, v);
  } else {
    unpack_tail(block.packed, count, block.width, v);
    std::fill(v + count, v + kBlockRows, 0);
  }
  if (block.patches > 0) add_patches(block, v);
  std::uint64_t offset = column.origin;
  switch (column.transform) {
    case kLine:
      kernels().add_line(v, index * kBlockRows, column.slope);
      [[fallthrough]];
    case kFrame:
      offset += column.factor * start.base;
      break;
    case kDelta:
      kernels().running_sum(v, start.k, start.base);
      break;
    case kDeltaOfDelta:
      running_sum_of_sums(v, count, start.k, start.step, start.base);
      break;
  }
  if (column.factor != 1) kernels().multiply(v, column.factor);
  return offset;
}

Status decode_integers(ByteReader& in, std::size_t rows, std::size_t from, std::size_t to,
                       std::uint64_t* out) {
  const std::uint8_t head = in.byte();
  IntegerBlocks column;
  unsigned exponent = 0;
  column.transform = static_cast<Transform>(head & kHeadTransform);
  column.constant = (head & kHeadConstant) != 0;
  constexpr unsigned kKnown = kHeadTransform | kHeadScaled | kHeadConstant;
  if ((head & ~kKnown) != 0 || !parse_scale(in, head, &column.factor, &exponent) || exponent != 0 ||
      !parse_integers(in, rows, column)) {
    return invalid_data("integer column of " + std::to_string(rows) + " rows: damaged");
  }
  if (column.constant) {
    std::fill_n(out, to - from, column.origin);
    return {};
  }
  std::uint64_t v[kBlockRows];
  std::uint64_t spare[kBlockRows];
  for (std::size_t b = from / kBlockRows; b * kBlockRows < to; ++b) {
    const std::size_t row = b * kBlockRows;
    const std::uint64_t offset = unpack_integers(column, b, rows, v);
    const std::size_t first = std::max(from, row);
    const std::size_t last = std::min(to, row + kBlockRows);
    if (last - first == kBlockRows) {
      kernels().to_integers(v, offset, out + (row - from));
      continue;
    }
    kernels().to_integers(v, offset, spare);
    std::copy(spare + (first - row), spare + (last - row), out + (first - from));
  }
  return {};
}

}  // namespace narthex::storage::column
