// SPDX-License-Identifier: Apache-2.0
#include "naive_decoder.hpp"

#include <cmath>
#include <cstring>

namespace narthex::storage::column {
namespace {

class Naive {
 public:
  Naive(const std::vector<std::uint8_t>& bytes, std::size_t rows) : bytes_(bytes), rows_(rows) {}

  std::vector<std::uint64_t> integers() {
    head_ = next();
    scale();
    return body();
  }

  std::vector<std::uint64_t> values(const std::vector<std::uint64_t>& reference) {
    head_ = next();
    if (head_ == 0x0B) return repeats();
    scale();
    std::vector<std::pair<std::size_t, std::uint64_t>> exceptions;
    if ((head_ & 0x20) != 0) exceptions = read_exceptions();
    std::vector<std::uint64_t> out = body();
    for (std::size_t i = 0; i < rows_; ++i) {
      if ((head_ & 0x10) != 0) continue;
      if ((head_ & 0x40) != 0) out[i] += small_integer(reference.at(i));
      // A long double holds every 64-bit integer; to double it is rounded once.
      const auto m = static_cast<std::int64_t>(out[i]);
      const double value = static_cast<double>(m) / std::pow(10.0, exponent_);
      std::memcpy(&out[i], &value, sizeof value);
    }
    for (const auto& [row, bits] : exceptions) out[row] = bits;
    return out;
  }

 private:
  std::uint8_t next() { return bytes_.at(at_++); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const std::uint64_t byte = next();
      value += (byte % 128) << shift;
      if (byte < 128) return value;
    }
  }

  std::uint64_t signed_varint() {
    const std::uint64_t value = varint();
    return value % 2 == 0 ? value / 2 : ~(value / 2);
  }

  std::uint64_t word() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= std::uint64_t{next()} << (8 * i);
    return value;
  }

  std::vector<std::uint64_t> repeats() {
    const std::uint64_t kept = varint();
    const std::size_t bitmap = at_ * 8;
    const auto inner = static_cast<std::ptrdiff_t>(at_ + (rows_ + 7) / 8);
    const std::vector<std::uint8_t> rest(bytes_.begin() + inner, bytes_.end());
    const std::vector<std::uint64_t> values = Naive(rest, kept).values({});
    std::vector<std::uint64_t> out;
    std::size_t used = 0;
    at_ = 0;
    for (std::size_t row = 0; row < rows_; ++row) {
      out.push_back(bit(bitmap + row) ? values.at(used++) : out.at(row - 1));
    }
    return out;
  }

  static std::uint64_t small_integer(std::uint64_t bits) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!(std::fabs(value) < 2251799813685248.0) || std::floor(value) != value) return 0;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  }

  void scale() {
    if ((head_ & 0x04) == 0) return;
    const std::uint8_t byte = next();
    exponent_ = byte % 16;
    if (byte >= 128) factor_ = varint();
  }

  std::vector<std::pair<std::size_t, std::uint64_t>> read_exceptions() {
    const std::uint64_t code = varint();
    std::vector<std::pair<std::size_t, std::uint64_t>> found;
    std::size_t row = 0;
    for (std::uint64_t i = 0; i < code / 2; ++i) {
      row += varint();
      found.emplace_back(row++, 0x7ff0000000000002);
    }
    if (code % 2 == 0) {
      for (auto& exception : found) exception.second = word();
    }
    return found;
  }

  struct Block {
    std::size_t rows;
    unsigned width = 0;
    std::uint64_t base, start, step;
    std::vector<std::uint64_t> patch_row, patch_high;
  };

  Block block_head(std::size_t rows, const Block& expected) {
    Block block = expected;
    block.rows = rows;
    block.width = 0;
    block.patch_row.clear();
    block.patch_high.clear();
    const unsigned code = next();
    if (code == 65) return block;
    block.width = code % 128;
    block.base += signed_varint();
    if ((head_ & 3) == 3) block.step += signed_varint();
    if ((head_ & 3) >= 2) block.start += signed_varint();
    if (code >= 128) {
      block.patch_row.resize(next());
      for (auto& row : block.patch_row) row = next();
      for (std::size_t i = 0; i < block.patch_row.size(); ++i) block.patch_high.push_back(varint());
    }
    return block;
  }

  Block after(Block block) const {
    std::uint64_t typical = block.base;
    if (block.width > 0) typical += std::uint64_t{1} << (block.width - 1);
    for (int i = 0; i < 128; ++i) {
      if ((head_ & 3) == 3) block.step += typical;
      if ((head_ & 3) == 3) block.start += block.step;
      if ((head_ & 3) == 2) block.start += typical;
    }
    return block;
  }

  bool bit(std::size_t position) const {
    return ((bytes_.at(at_ + position / 8) >> (position % 8)) & 1) != 0;
  }

  // Where bit b of value i is: a full block is in lanes, a shorter one is not.
  static std::size_t place(std::size_t rows, unsigned width, std::size_t i, unsigned b) {
    if (rows < 128) return i * width + b;
    const std::size_t word_bits = width <= 32 ? 32 : 64;
    const std::size_t lanes = 128 / word_bits;
    const std::size_t in_lane = i / lanes * width + b;
    return (in_lane / word_bits * lanes + i % lanes) * word_bits + in_lane % word_bits;
  }

  std::vector<std::uint64_t> residuals(const Block& block) {
    std::vector<std::uint64_t> out(block.rows, 0);
    for (std::size_t i = 0; i < block.rows; ++i) {
      for (unsigned b = 0; b < block.width; ++b) {
        if (bit(place(block.rows, block.width, i, b))) out[i] |= std::uint64_t{1} << b;
      }
    }
    at_ += (block.rows * block.width + 7) / 8;
    for (std::size_t p = 0; p < block.patch_row.size(); ++p) {
      out.at(block.patch_row[p]) += block.patch_high[p] << block.width;
    }
    for (auto& value : out) value += block.base;
    return out;
  }

  std::vector<std::uint64_t> body() {
    const std::uint64_t origin = signed_varint();
    if ((head_ & 0x08) != 0) return std::vector<std::uint64_t>(rows_, origin);
    const std::uint64_t slope = (head_ & 3) == 1 ? varint() : 0;
    std::vector<Block> blocks;
    Block expected{};
    for (std::size_t row = 0; row < rows_; row += 128) {
      blocks.push_back(block_head(std::min<std::size_t>(128, rows_ - row), expected));
      expected = after(blocks.back());
    }
    std::vector<std::uint64_t> out;
    for (Block& block : blocks) {
      for (const std::uint64_t r : residuals(block)) {
        std::uint64_t k = r;
        if ((head_ & 3) == 1) k += (out.size() * slope) >> 10;
        if ((head_ & 3) == 2) k = block.start += r;
        if ((head_ & 3) == 3) k = block.start += block.step += r;
        out.push_back(origin + factor_ * k);
      }
    }
    return out;
  }

  const std::vector<std::uint8_t>& bytes_;
  std::size_t rows_;
  std::size_t at_ = 0;
  std::uint8_t head_ = 0;
  unsigned exponent_ = 0;
  std::uint64_t factor_ = 1;
};

}  // namespace

std::vector<std::uint64_t> naive_values(const std::vector<std::uint8_t>& bytes, std::size_t rows,
                                        const std::vector<std::uint64_t>& reference) {
  return Naive(bytes, rows).values(reference);
}

std::vector<std::uint64_t> naive_integers(const std::vector<std::uint8_t>& bytes,
                                          std::size_t rows) {
  return Naive(bytes, rows).integers();
}

}  // namespace narthex::storage::column
