// SPDX-License-Identifier: Apache-2.0
#include "storage/head/value_column.hpp"

#include "storage/head/bit_pack.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace narthex::storage::head {
namespace {

enum Encoding : std::uint8_t { kConstant, kOffsets, kDifferences, kXor, kRaw };

constexpr int kExponentMax = 12;
constexpr double kPowers[kExponentMax + 1] = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                              1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
// Adding and taking away 1.5 * 2^52 rounds to the nearest integer; good below 2^51.
constexpr double kRounder = 0x1.8p52;
constexpr double kIntegerMax = 0x1p51;

double as_double(std::uint64_t bits) { return std::bit_cast<double>(bits); }
std::uint64_t as_bits(double value) { return std::bit_cast<std::uint64_t>(value); }

// The integer m with m / 10^e equal to v in every bit; false when there is none.
bool to_decimal(std::uint64_t bits, int exponent, std::int64_t& integer) {
  const double scaled = as_double(bits) * kPowers[exponent];
  if (!(std::fabs(scaled) < kIntegerMax)) return false;
  const double rounded = (scaled + kRounder) - kRounder;
  integer = static_cast<std::int64_t>(rounded);
  return as_bits(static_cast<double>(integer) / kPowers[exponent]) == bits;
}

struct Decimals {
  int exponent = 0;
  std::array<std::int64_t, kColumnValuesMax> integers;
  std::array<std::uint8_t, kColumnValuesMax> odd;  // positions of values that are no decimals
  std::size_t odd_count = 0;
};

// The least exponent, from `exponent` on, that makes a decimal of the value; negative: none does.
int find_exponent(std::uint64_t bits, int exponent) {
  std::int64_t ignored = 0;
  if (!std::isfinite(as_double(bits))) return -1;
  for (; exponent <= kExponentMax; ++exponent) {
    if (to_decimal(bits, exponent, ignored)) return exponent;
  }
  return -1;
}

// Whether all are decimals of the exponent, and their integers. Without a branch a value, so that
// the compiler takes several at once; each does what to_decimal() does.
template <bool kScaled>
bool all_to_integers(std::span<const std::uint64_t> bits, double power, std::int64_t* out) {
  const std::uint64_t* const in = bits.data();  // spans check each index, and no vector can
  const std::size_t count = bits.size();
  std::uint64_t odd = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double scaled = kScaled ? as_double(in[i]) * power : as_double(in[i]);
    const double shifted = scaled + kRounder;
    const double rounded = shifted - kRounder;
    odd |= as_bits(kScaled ? rounded / power : rounded) ^ in[i];
    // Of absolute values as bits, those below the limit stay in order; a comparison would branch.
    odd |= (as_bits(kIntegerMax) - 1 - (as_bits(scaled) & ~(std::uint64_t{1} << 63))) >> 63;
    out[i] = static_cast<std::int64_t>(as_bits(shifted) - as_bits(kRounder));
  }
  return odd == 0;
}

// The usual column: nothing odd, and an exponent that a few values tell.
bool all_to_decimals(std::span<const std::uint64_t> bits, Decimals& out) {
  int exponent = 0;
  for (const std::size_t probe : {std::size_t{0}, bits.size() / 2, bits.size() - 1}) {
    const int found = find_exponent(bits[probe], exponent);
    if (found < 0) return false;
    exponent = found;
  }
  out.exponent = exponent;
  return exponent == 0 ? all_to_integers<false>(bits, 1, out.integers.data())
                       : all_to_integers<true>(bits, kPowers[exponent], out.integers.data());
}

bool to_decimals(std::span<const std::uint64_t> bits, Decimals& out) {
  if (all_to_decimals(bits, out)) return true;
  out.exponent = 0;
  const std::size_t odd_max = 1 + bits.size() / 16;
  std::size_t failed = 0;
  for (const std::uint64_t b : bits) {
    std::int64_t ignored = 0;
    if (to_decimal(b, out.exponent, ignored)) continue;
    const int exponent = find_exponent(b, out.exponent + 1);
    if (exponent > 0) {
      out.exponent = exponent;
    } else if (++failed > odd_max) {
      return false;
    }
  }
  std::int64_t before = 0;
  bool any = false;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (!to_decimal(bits[i], out.exponent, out.integers[i])) {
      if (out.odd_count == odd_max) return false;
      out.odd[out.odd_count++] = static_cast<std::uint8_t>(i);
      out.integers[i] = before;
      continue;
    }
    // Odd values in front take the first decimal, so that they cost no width.
    if (!any) std::fill_n(out.integers.begin(), i, out.integers[i]);
    any = true;
    before = out.integers[i];
  }
  return any;
}

struct Bounds {
  std::int64_t least;
  std::int64_t greatest;
  unsigned width() const {
    return bit_width_of(static_cast<std::uint64_t>(greatest) - static_cast<std::uint64_t>(least));
  }
};

Bounds bounds_of(std::span<const std::int64_t> values) {
  Bounds bounds{values[0], values[0]};
  for (const std::int64_t value : values) {
    bounds.least = std::min(bounds.least, value);
    bounds.greatest = std::max(bounds.greatest, value);
  }
  return bounds;
}

void append_packed(Bytes& out, std::span<const std::int64_t> values, std::int64_t base,
                   unsigned width) {
  if (width == 0) return;
  const std::size_t at = out.size();
  const std::size_t size = packed_size(values.size(), width);
  out.resize(at + size + kSlack);
  std::uint8_t* to = out.data() + at;
  std::uint64_t word = 0;
  unsigned filled = 0;  // bits of it
  for (const std::int64_t value : values) {
    const std::uint64_t offset =
        static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
    word |= offset << filled;
    filled += width;
    if (filled < 64) continue;
    std::memcpy(to, &word, sizeof word);
    to += sizeof word;
    filled -= 64;
    word = filled == 0 ? 0 : offset >> (width - filled);
  }
  std::memcpy(to, &word, sizeof word);
  out.resize(at + size);
}

void put_decimal_head(Bytes& out, Encoding encoding, const Decimals& d, unsigned width) {
  out.push_back(encoding);
  out.push_back(static_cast<std::uint8_t>(d.exponent));
  out.push_back(static_cast<std::uint8_t>(width));
  out.push_back(static_cast<std::uint8_t>(d.odd_count));
}

// False when raw is cheaper.
bool encode_decimals(std::span<const std::uint64_t> bits, Bytes& out) {
  Decimals d;
  if (!to_decimals(bits, d)) return false;
  const std::span<const std::int64_t> integers(d.integers.data(), bits.size());
  const Bounds bounds = bounds_of(integers);
  const unsigned offset_width = bounds.width();

  std::array<std::int64_t, kColumnValuesMax> steps;
  const std::size_t step_count = integers.size() - 1;
  const std::int64_t* const in = integers.data();
  std::int64_t* const to = steps.data();
  for (std::size_t i = 0; i < step_count; ++i) to[i] = in[i + 1] - in[i];
  const std::span<const std::int64_t> differences(steps.data(), step_count);
  std::int64_t least = 0;
  unsigned step_width = kWidthMax + 1;
  if (step_count > 0) {
    const Bounds step_bounds = bounds_of(differences);
    least = step_bounds.least;
    step_width = step_bounds.width();
  }
  if (std::min(offset_width, step_width) > kWidthMax) return false;
  if (step_width < offset_width) {
    put_decimal_head(out, kDifferences, d, step_width);
    put_varint(out, zigzag(integers.front()));
    put_varint(out, zigzag(least));
    append_packed(out, differences, least, step_width);
  } else {
    put_decimal_head(out, kOffsets, d, offset_width);
    put_varint(out, zigzag(bounds.least));
    append_packed(out, integers, bounds.least, offset_width);
  }
  for (std::size_t i = 0; i < d.odd_count; ++i) {
    out.push_back(d.odd[i]);
    put_word(out, bits[d.odd[i]]);
  }
  return true;
}

// False when raw is cheaper.
bool encode_xor(std::span<const std::uint64_t> bits, Bytes& out) {
  std::uint64_t any = 0;
  std::array<std::int64_t, kColumnValuesMax> changes;
  for (std::size_t i = 1; i < bits.size(); ++i) any |= bits[i] ^ bits[i - 1];
  const unsigned shift = static_cast<unsigned>(std::countr_zero(any));
  const unsigned width = bit_width_of(any) - shift;
  if (width > kWidthMax) return false;
  for (std::size_t i = 1; i < bits.size(); ++i) {
    changes[i - 1] = static_cast<std::int64_t>((bits[i] ^ bits[i - 1]) >> shift);
  }
  out.push_back(kXor);
  out.push_back(static_cast<std::uint8_t>(shift));
  out.push_back(static_cast<std::uint8_t>(width));
  put_word(out, bits.front());
  append_packed(out, std::span(changes.data(), bits.size() - 1), 0, width);
  return true;
}

void decode_offsets(const std::uint8_t* in, std::size_t count, unsigned width, std::int64_t base,
                    double power, std::uint64_t* out) {
  const std::uint64_t mask = mask_of(width);
  std::size_t bit = 0;
  for (std::size_t i = 0; i < count; ++i, bit += width) {
    const std::int64_t m = base + static_cast<std::int64_t>(get_bits(in, bit, mask));
    out[i] = as_bits(static_cast<double>(m) / power);
  }
}

void decode_differences(const std::uint8_t* in, std::size_t count, unsigned width,
                        std::int64_t first, std::int64_t least, double power, std::uint64_t* out) {
  const std::uint64_t mask = mask_of(width);
  std::int64_t m = first;
  out[0] = as_bits(static_cast<double>(m) / power);
  std::size_t bit = 0;
  for (std::size_t i = 1; i < count; ++i, bit += width) {
    m += least + static_cast<std::int64_t>(get_bits(in, bit, mask));
    out[i] = as_bits(static_cast<double>(m) / power);
  }
}

void decode_decimals(Encoding encoding, const std::uint8_t* in, std::size_t count,
                     std::uint64_t* out) {
  const double power = kPowers[in[0]];
  const unsigned width = in[1];
  std::size_t odd_count = in[2];
  in += 3;
  const std::int64_t first = unzigzag(get_varint(in));
  if (encoding == kOffsets) {
    decode_offsets(in, count, width, first, power, out);
    in += packed_size(count, width);
  } else {
    const std::int64_t least = unzigzag(get_varint(in));
    decode_differences(in, count, width, first, least, power, out);
    in += packed_size(count - 1, width);
  }
  for (; odd_count > 0; --odd_count) {
    const std::uint8_t position = *in++;
    out[position] = get_word(in);
  }
}

void decode_xor(const std::uint8_t* in, std::size_t count, std::uint64_t* out) {
  const unsigned shift = in[0];
  const unsigned width = in[1];
  in += 2;
  std::uint64_t value = get_word(in);
  out[0] = value;
  const std::uint64_t mask = mask_of(width);
  std::size_t bit = 0;
  for (std::size_t i = 1; i < count; ++i, bit += width) {
    value ^= get_bits(in, bit, mask) << shift;
    out[i] = value;
  }
}

}  // namespace

void encode_values(std::span<const std::uint64_t> bits, Bytes& out) {
  const std::uint64_t first = bits.front();
  std::uint64_t differs = 0;
  for (const std::uint64_t b : bits) differs |= b ^ first;
  if (differs == 0) {
    out.push_back(kConstant);
    put_word(out, first);
    return;
  }
  if (encode_decimals(bits, out) || encode_xor(bits, out)) return;
  out.push_back(kRaw);
  const std::size_t at = out.size();
  out.resize(at + bits.size_bytes());
  std::memcpy(out.data() + at, bits.data(), bits.size_bytes());
}

void decode_values(const std::uint8_t* in, std::size_t count, std::uint64_t* out) {
  const Encoding encoding = static_cast<Encoding>(*in++);
  switch (encoding) {
    case kConstant:
      std::fill_n(out, count, get_word(in));
      return;
    case kOffsets:
    case kDifferences:
      decode_decimals(encoding, in, count, out);
      return;
    case kXor:
      decode_xor(in, count, out);
      return;
    case kRaw:
      std::memcpy(out, in, count * sizeof *out);
      return;
  }
}

}  // namespace narthex::storage::head
