// SPDX-License-Identifier: Apache-2.0
// Blocks are packed across lanes, as FastLanes does (VLDB 2023): a vector of 16 bytes holds the
// words of 4 lanes of 32 bits (widths up to 32) or 2 of 64; value i is in lane i % lanes, and each
// lane is packed by itself. Shifts are then equal for a whole vector, and 128 values of any width
// fill whole vectors.
#include "storage/column/kernels.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#define NARTHEX_INLINE [[gnu::always_inline]] inline

namespace narthex::storage::column {
namespace {

constexpr double kRounder = 0x1.8p52;  // adding it rounds to the nearest integer
constexpr std::uint64_t kRounderBits = 0x4338000000000000;
static_assert(std::bit_cast<std::uint64_t>(kRounder) == kRounderBits);

template <class Word>
struct Lanes {
  static constexpr unsigned kBits = sizeof(Word) * 8;
  static constexpr unsigned kCount = 16 / sizeof(Word);
  static constexpr unsigned kRows = kBlockRows / kCount;
  static_assert(kRows == kBits, "a lane of `width` words is full");
  Word words[kCount];
};

template <class Word>
NARTHEX_INLINE Lanes<Word> load(const std::uint8_t* in, unsigned vector) {
  Lanes<Word> lanes;
  std::memcpy(lanes.words, in + vector * sizeof lanes, sizeof lanes);
  return lanes;
}

// The word after the last is never needed: what is read instead of it is masked off.
template <class Word>
NARTHEX_INLINE void unpack_lanes(const std::uint8_t* __restrict in, unsigned width,
                                 std::uint64_t* __restrict out) {
  using L = Lanes<Word>;
  const Word mask = static_cast<Word>(~Word{0}) >> (L::kBits - width);
  unsigned bit = 0;
  for (unsigned row = 0; row < L::kRows; ++row, bit += width) {
    const unsigned vector = bit / L::kBits;
    const unsigned shift = bit % L::kBits;
    const L low = load<Word>(in, vector);
    const L high = load<Word>(in, vector + 1 < width ? vector + 1 : vector);
    for (unsigned lane = 0; lane < L::kCount; ++lane) {
      const Word joined = static_cast<Word>((low.words[lane] >> shift) |
                                            ((high.words[lane] << 1) << (L::kBits - 1 - shift)));
      out[row * L::kCount + lane] = joined & mask;
    }
  }
}

NARTHEX_INLINE void unpack_body(const std::uint8_t* in, unsigned width, std::uint64_t* out) {
  if (width <= 32) {
    unpack_lanes<std::uint32_t>(in, width, out);
  } else {
    unpack_lanes<std::uint64_t>(in, width, out);
  }
}

template <class Word>
NARTHEX_INLINE void pack_lanes(const std::uint64_t* __restrict in, unsigned width,
                               std::uint8_t* __restrict out) {
  using L = Lanes<Word>;
  const Word mask = static_cast<Word>(~Word{0}) >> (L::kBits - width);
  L open{};
  unsigned shift = 0;
  for (unsigned row = 0; row < L::kRows; ++row) {
    Word value[L::kCount];
    for (unsigned lane = 0; lane < L::kCount; ++lane) {
      value[lane] = static_cast<Word>(in[row * L::kCount + lane]) & mask;
      open.words[lane] |= static_cast<Word>(value[lane] << shift);
    }
    shift += width;
    if (shift < L::kBits) continue;
    std::memcpy(out, open.words, sizeof open);
    out += sizeof open;
    shift -= L::kBits;
    const unsigned taken = width - shift;  // bits of this row that are out; 1 to all
    for (unsigned lane = 0; lane < L::kCount; ++lane) {
      open.words[lane] = static_cast<Word>((value[lane] >> 1) >> (taken - 1));
    }
  }
}

NARTHEX_INLINE void pack_body(const std::uint64_t* in, unsigned width, std::uint8_t* out) {
  if (width <= 32) {
    pack_lanes<std::uint32_t>(in, width, out);
  } else {
    pack_lanes<std::uint64_t>(in, width, out);
  }
}

NARTHEX_INLINE void add_line_body(std::uint64_t* v, std::uint64_t first, std::uint64_t slope) {
  std::uint64_t line = first * slope;
  for (std::size_t i = 0; i < kBlockRows; ++i, line += slope) v[i] += line >> kSlopeShift;
}

NARTHEX_INLINE void multiply_body(std::uint64_t* v, std::uint64_t factor) {
  for (std::size_t i = 0; i < kBlockRows; ++i) v[i] *= factor;
}

// A small integer as it is, anything else as 0.
NARTHEX_INLINE std::uint64_t integer_of(double value) {
  const double moved = value + kRounder;
  const bool exact = (std::fabs(value) < kNarrowMax) & (moved - kRounder == value);
  return exact ? std::bit_cast<std::uint64_t>(moved) - kRounderBits : 0;
}

NARTHEX_INLINE void add_reference_body(std::uint64_t* __restrict v,
                                       const double* __restrict reference) {
  for (std::size_t i = 0; i < kBlockRows; ++i) v[i] += integer_of(reference[i]);
}

NARTHEX_INLINE void to_integers_body(const std::uint64_t* __restrict v, std::uint64_t offset,
                                     std::uint64_t* __restrict out) {
  for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = offset + v[i];
}

// Of an integer that kRounderBits was added to.
NARTHEX_INLINE double narrow_of(std::uint64_t moved) {
  return std::bit_cast<double>(moved) - kRounder;
}

// An integer by a power of ten: by the instruction, which takes as long as a dozen others.
class Division {
 public:
  NARTHEX_INLINE explicit Division(double by) : by_(by) {}
  NARTHEX_INLINE double operator()(double x) const { return x / by_; }

 private:
  double by_;
};

// The same double by a multiplication with the reciprocal in two parts, and one rounding: what is
// rounded is off by less than 2^-104 of it. The quotient of an integer of 53 bits by 10^e is no
// nearer to the middle between two doubles than 2^-54 / 5^e of it, or 2^-87, so that it goes the
// same way.
class Reciprocal {
 public:
  NARTHEX_INLINE explicit Reciprocal(double by)
      : inverse_(1 / by), rest_(std::fma(-inverse_, by, 1.0) * inverse_) {}
  NARTHEX_INLINE double operator()(double x) const { return std::fma(x, inverse_, x * rest_); }

 private:
  double inverse_;
  double rest_;
};

template <class Divide>
NARTHEX_INLINE void to_narrow_body(const std::uint64_t* __restrict v, std::uint64_t offset,
                                   double power, double* __restrict out) {
  offset += kRounderBits;
  if (power == 1) {
    for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = narrow_of(offset + v[i]);
    return;
  }
  const Divide divide(power);
  for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = divide(narrow_of(offset + v[i]));
}

// Any signed integer to the nearest double without the instruction that came with AVX-512: both
// halves are exact, and their sum is rounded once.
NARTHEX_INLINE double wide_of(std::uint64_t integer) {
  constexpr std::uint64_t kLowBits = 0x4330000000000000;   // 2^52
  constexpr std::uint64_t kHighBits = 0x4530000080000000;  // 2^84 + 2^63, the sign flipped into it
  constexpr double kBoth = 0x1p84 + 0x1p63 + 0x1p52;
  const double low = std::bit_cast<double>((integer & 0xFFFFFFFF) | kLowBits);
  const double high = std::bit_cast<double>((integer >> 32) ^ kHighBits);
  return (high - kBoth) + low;
}

NARTHEX_INLINE void to_wide_body(const std::uint64_t* __restrict v, std::uint64_t offset,
                                 double power, double* __restrict out) {
  if (power == 1) {
    for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = wide_of(offset + v[i]);
    return;
  }
  for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = wide_of(offset + v[i]) / power;
}

template <class Divide>
NARTHEX_INLINE bool from_decimals_body(const double* __restrict v, double power,
                                       std::uint64_t* __restrict m) {
  const Divide divide(power);
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < kBlockRows; ++i) {
    const double scaled = v[i] * power;
    const double moved = scaled + kRounder;
    m[i] = std::bit_cast<std::uint64_t>(moved) - kRounderBits;
    const double back = divide(moved - kRounder);
    wrong |= std::bit_cast<std::uint64_t>(back) ^ std::bit_cast<std::uint64_t>(v[i]);
    // The magnitude's bits, so that a NaN is too large as well.
    const std::uint64_t magnitude = std::bit_cast<std::uint64_t>(std::fabs(scaled));
    wrong |= magnitude >= std::bit_cast<std::uint64_t>(kNarrowMax) ? 1 : 0;
  }
  return wrong == 0;
}

NARTHEX_INLINE void bounds_body(const std::uint64_t* v, std::int64_t* least,
                                std::int64_t* greatest) {
  std::int64_t low = INT64_MAX;
  std::int64_t high = INT64_MIN;
  for (std::size_t i = 0; i < kBlockRows; ++i) {
    const auto value = static_cast<std::int64_t>(v[i]);
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  *least = low;
  *greatest = high;
}

NARTHEX_INLINE void progression_body(std::uint64_t* v, std::uint64_t start, std::uint64_t base) {
  for (std::size_t i = 0; i < kBlockRows; ++i) v[i] = start += base;
}

// Four sums at a time: from one four to the next there is one addition to wait for.
NARTHEX_INLINE void running_sum_body(std::uint64_t* v, std::uint64_t start, std::uint64_t base) {
  using Four [[gnu::vector_size(32)]] = std::uint64_t;
  constexpr Four kNone = {};
  const Four bases = {base, 2 * base, 3 * base, 4 * base};
  Four before = {start, start, start, start};
  for (std::size_t i = 0; i < kBlockRows; i += 4) {
    Four sums;
    std::memcpy(&sums, v + i, sizeof sums);
    sums += __builtin_shufflevector(sums, kNone, 4, 0, 1, 2);
    sums += __builtin_shufflevector(sums, kNone, 4, 4, 0, 1);
    sums += bases;
    const Four last = __builtin_shufflevector(sums, sums, 3, 3, 3, 3);
    sums += before;
    std::memcpy(v + i, &sums, sizeof sums);
    before += last;
  }
}

NARTHEX_INLINE void fill_body(double* out, std::size_t count, double value) {
  for (std::size_t i = 0; i < count; ++i) out[i] = value;
}

NARTHEX_INLINE std::size_t ones_before_body(const std::uint64_t* words, std::size_t rows) {
  int found = 0;
  for (std::size_t w = 0; w < rows / 64; ++w) found += std::popcount(words[w]);
  if (rows % 64 != 0) found += std::popcount(words[rows / 64] << (64 - rows % 64));
  return static_cast<std::size_t>(found);
}

// One set of plain functions with the bodies above inlined, compiled for `target`.
#define NARTHEX_KERNELS(Name, target, Divide)                                                    \
  struct Name {                                                                                  \
    target static void unpack(const std::uint8_t* in, unsigned width, std::uint64_t* out) {      \
      unpack_body(in, width, out);                                                               \
    }                                                                                            \
    target static void pack(const std::uint64_t* in, unsigned width, std::uint8_t* out) {        \
      pack_body(in, width, out);                                                                 \
    }                                                                                            \
    target static void add_line(std::uint64_t* v, std::uint64_t first, std::uint64_t slope) {    \
      add_line_body(v, first, slope);                                                            \
    }                                                                                            \
    target static void multiply(std::uint64_t* v, std::uint64_t factor) {                        \
      multiply_body(v, factor);                                                                  \
    }                                                                                            \
    target static void add_reference(std::uint64_t* v, const double* reference) {                \
      add_reference_body(v, reference);                                                          \
    }                                                                                            \
    target static void to_integers(const std::uint64_t* v, std::uint64_t offset,                 \
                                   std::uint64_t* out) {                                         \
      to_integers_body(v, offset, out);                                                          \
    }                                                                                            \
    target static void to_narrow(const std::uint64_t* v, std::uint64_t offset, double power,     \
                                 double* out) {                                                  \
      to_narrow_body<Divide>(v, offset, power, out);                                             \
    }                                                                                            \
    target static void to_wide(const std::uint64_t* v, std::uint64_t offset, double power,       \
                               double* out) {                                                    \
      to_wide_body(v, offset, power, out);                                                       \
    }                                                                                            \
    target static bool from_decimals(const double* v, double power, std::uint64_t* m) {          \
      return from_decimals_body<Divide>(v, power, m);                                            \
    }                                                                                            \
    target static void bounds(const std::uint64_t* v, std::int64_t* least,                       \
                              std::int64_t* greatest) {                                          \
      bounds_body(v, least, greatest);                                                           \
    }                                                                                            \
    target static void progression(std::uint64_t* v, std::uint64_t start, std::uint64_t base) {  \
      progression_body(v, start, base);                                                          \
    }                                                                                            \
    target static void running_sum(std::uint64_t* v, std::uint64_t start, std::uint64_t base) {  \
      running_sum_body(v, start, base);                                                          \
    }                                                                                            \
    target static void fill(double* out, std::size_t count, double value) {                      \
      fill_body(out, count, value);                                                              \
    }                                                                                            \
    target static std::size_t ones_before(const std::uint64_t* words, std::size_t rows) {        \
      return ones_before_body(words, rows);                                                      \
    }                                                                                            \
    static constexpr Kernels kTable = {                                                          \
        unpack,  pack,          add_line, multiply,    add_reference, to_integers, to_narrow,    \
        to_wide, from_decimals, bounds,   progression, running_sum,   fill,        ones_before}; \
  }

NARTHEX_KERNELS(Portable, , Division);
#if defined(__x86_64__)
NARTHEX_KERNELS(Avx2, [[gnu::target("avx2,fma")]], Reciprocal);
// For its multiplications and conversions of 64 bits; longer vectors bring nothing.
NARTHEX_KERNELS(Avx512, [[gnu::target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")]], Reciprocal);
#endif

struct Sets {
  Sets() {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
    known[count++] = &Avx2::kTable;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl")) return;
    if (!__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw")) return;
    known[count++] = &Avx512::kTable;
#endif
  }
  const Kernels* known[3] = {&Portable::kTable};
  std::size_t count = 1;
};

}  // namespace

double narrow_value(std::uint64_t integer, double power) {
  return narrow_of(integer + kRounderBits) / power;
}
double wide_value(std::uint64_t integer, double power) { return wide_of(integer) / power; }

std::span<const Kernels* const> kernel_sets() {
  static const Sets sets;
  return std::span(sets.known).first(sets.count);
}

const Kernels& kernels() {
  static const Kernels& fastest = *kernel_sets().back();
  return fastest;
}

}  // namespace narthex::storage::column
