// SPDX-License-Identifier: Apache-2.0
// integer_column.hpp - up to 1,024 integers as bytes: the ground that time columns, value columns
// and histograms stand on. Format: storage/docs/columns.md.
//
// All arithmetic is modulo 2^64, so any integers survive. Integers are origin + factor * k, and k
// is stored as offsets from a base a block of 128, as offsets from a line, as differences or as
// differences of differences. Pure, thread-safe; encoding uses an IntegerScratch of the caller.
#pragma once

#include "storage/column/block_plan.hpp"
#include "storage/bytes/bytes.hpp"
#include "storage/column/kernels.hpp"

#include <narthex/sdk/result.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace narthex::storage::column {

inline constexpr std::size_t kRowsMax = 1024;
inline constexpr std::size_t kBlocksMax = kRowsMax / kBlockRows;

constexpr std::size_t block_count(std::size_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

// Bits of the scale byte: the decimal exponent below, and whether a factor follows.
inline constexpr std::uint8_t kScaleExponent = 0x0F;
inline constexpr std::uint8_t kScaleFactor = 0x80;

enum Transform : std::uint8_t { kFrame, kLine, kDelta, kDeltaOfDelta };

// Bits of the first byte of a column. The low half belongs to the integers, the high half to
// value columns (value_column.hpp); it is 0 elsewhere.
enum HeadBits : std::uint8_t {
  kHeadTransform = 0x03,
  kHeadScaled = 0x04,    // a scale byte follows
  kHeadConstant = 0x08,  // the origin is every value
  kHeadPattern = 0x10,   // the integers are bit patterns of doubles
  kHeadExceptions = 0x20,
  kHeadReference = 0x40,  // differences to another column
  kHeadWide = 0x80        // some decimal is not below kNarrowMax
};

// ---- writing

enum class Effort { kSample, kThorough };  // plan from a fourth of the blocks, or from all

struct IntegerPlan {
  bool constant = false;
  Transform transform = kFrame;
  std::uint64_t factor = 1;
  std::uint64_t slope = 0;  // of a line, in 1/1024
  std::size_t bytes = 0;    // estimate of the whole column
};

struct IntegerScratch {
  std::array<std::uint64_t, kRowsMax> k;
  std::array<std::uint64_t, kRowsMax> residual;
};

// Decides, and leaves (m[i] - m[0]) / factor in scratch.k for put_integers.
// REQUIRES: 1 <= m.size() <= kRowsMax.
IntegerPlan plan_integers(std::span<const std::uint64_t> m, Effort effort, IntegerScratch& scratch);

// About how many bytes the differences of m take, from a fourth of its blocks.
std::size_t estimate_differences(std::span<const std::uint64_t> m);

// Appends origin and blocks. REQUIRES: plan and scratch are of the last plan_integers, of `count`
// integers that start with `first`.
void put_integers(std::uint64_t first, std::size_t count, const IntegerPlan& plan,
                  IntegerScratch& scratch, Bytes& out);

// Appends the scale byte and the factor, where there is anything to scale.
void put_scale(const IntegerPlan& plan, unsigned exponent, Bytes& out);

constexpr std::uint8_t head_of(const IntegerPlan& plan) {
  return static_cast<std::uint8_t>(plan.transform | (plan.factor != 1 ? kHeadScaled : 0) |
                                   (plan.constant ? kHeadConstant : 0));
}

// Appends a whole column of plain integers (head, scale, origin, blocks).
void encode_integers(std::span<const std::uint64_t> m, Effort effort, IntegerScratch& scratch,
                     Bytes& out);

// ---- reading

// What the integers of a block are measured from.
struct BlockStart {
  std::uint64_t base = 0;  // of the offsets
  std::uint64_t k = 0;     // differences: k before the block
  std::uint64_t step = 0;  // differences of differences: the difference before the block
  bool operator==(const BlockStart&) const = default;
};

struct IntegerBlock {
  BlockStart start;
  std::uint8_t width;
  std::uint8_t patches;
  ByteView patch_bytes;  // positions, then the bits above the width
  ByteView packed;
};

// What the headers of a column say. Its views look at the bytes that were parsed.
struct IntegerBlocks {
  std::uint64_t origin = 0;
  std::uint64_t factor = 1;
  std::uint64_t slope = 0;
  Transform transform = kFrame;
  bool constant = false;
  std::array<IntegerBlock, kBlocksMax> blocks;
};

// Reads what put_scale wrote. False: the bytes are no such thing.
bool parse_scale(ByteReader& in, std::uint8_t head, std::uint64_t* factor, unsigned* exponent);

// Reads origin and block headers of `rows` integers. False: the bytes are no such column.
// REQUIRES: 1 <= rows <= kRowsMax; constant, transform and factor of `out` are set.
bool parse_integers(ByteReader& in, std::size_t rows, IntegerBlocks& out);

// Unpacks block `index` of a column of `rows`: v[i] is what, times 1, gives the integer
// `offset` + v[i] (modulo 2^64); returns that offset. v has kBlockRows elements; those past the
// column's end are undefined. REQUIRES: parse_integers was true; not constant.
std::uint64_t unpack_integers(const IntegerBlocks& column, std::size_t index, std::size_t rows,
                              std::uint64_t* v);

// The integer that every row of the block has, where its header says so. REQUIRES as above.
std::optional<std::uint64_t> constant_of(const IntegerBlocks& column, std::size_t index);

// Reads rows [from, to) of a whole column that `in` is at, and moves `in` behind the column.
Status decode_integers(ByteReader& in, std::size_t rows, std::size_t from, std::size_t to,
                       std::uint64_t* out);

}  // namespace narthex::storage::column
