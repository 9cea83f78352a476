// SPDX-License-Identifier: Apache-2.0
// kernels.hpp - the loops over the 128 values of a block that decoding and encoding consist of.
//
// Each is compiled for every x86-64, for AVX2 with FMA, and for AVX-512, and chosen once at run
// time; results are equal bit for bit. Arithmetic on integers is modulo 2^64 throughout. Pure,
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::storage::column {

inline constexpr std::size_t kBlockRows = 128;
inline constexpr unsigned kWidthMax = 64;
inline constexpr unsigned kSlopeShift = 10;  // slopes count in 1/1024, a column has 1,024 rows

// Decimals below this are converted by one addition and one subtraction.
inline constexpr double kNarrowMax = 0x1p51;

// Bytes of a full block, packed.
constexpr std::size_t packed_block_size(unsigned width) { return kBlockRows / 8 * width; }

struct Kernels {
  // 128 values of `width` bits, 1 to 64, from packed_block_size(width) bytes.
  void (*unpack)(const std::uint8_t* in, unsigned width, std::uint64_t* out);
  // The reverse; bits of `in` above the width are cut off.
  void (*pack)(const std::uint64_t* in, unsigned width, std::uint8_t* out);
  // v[i] += (first + i) * slope >> kSlopeShift
  void (*add_line)(std::uint64_t* v, std::uint64_t first, std::uint64_t slope);
  // v[i] = factor * v[i]
  void (*multiply)(std::uint64_t* v, std::uint64_t factor);
  // v[i] += integer_of(reference[i])
  void (*add_reference)(std::uint64_t* v, const double* reference);
  // out[i] = offset + v[i]
  void (*to_integers)(const std::uint64_t* v, std::uint64_t offset, std::uint64_t* out);
  // out[i] = double(offset + v[i]) / power; narrow: every sum is below kNarrowMax.
  void (*to_narrow)(const std::uint64_t* v, std::uint64_t offset, double power, double* out);
  void (*to_wide)(const std::uint64_t* v, std::uint64_t offset, double power, double* out);
  // m[i] = integer nearest to v[i] * power. True when each gives v[i] back, bit for bit.
  bool (*from_decimals)(const double* v, double power, std::uint64_t* m);
  // The least and the greatest, as signed integers.
  void (*bounds)(const std::uint64_t* v, std::int64_t* least, std::int64_t* greatest);
  // v[i] = start + (i + 1) * base
  void (*progression)(std::uint64_t* v, std::uint64_t start, std::uint64_t base);
  // v[i] = start + (i + 1) * base + v[0] + ... + v[i]
  void (*running_sum)(std::uint64_t* v, std::uint64_t start, std::uint64_t base);
  // out[i] = value, for any count
  void (*fill)(double* out, std::size_t count, double value);
  // How many of the first `rows` bits are set.
  std::size_t (*ones_before)(const std::uint64_t* words, std::size_t rows);
};

// The fastest that this processor runs.
const Kernels& kernels();
// Those that this processor runs, the fastest last; the first set runs on every processor.
std::span<const Kernels* const> kernel_sets();

// double(integer) / power, as to_narrow and to_wide have it.
double narrow_value(std::uint64_t integer, double power);
double wide_value(std::uint64_t integer, double power);

// Of sums of steps that start at `step`: a chain of two additions a value.
inline void running_sum_of_sums(std::uint64_t* v, std::size_t count, std::uint64_t start,
                                std::uint64_t step, std::uint64_t base) {
  for (std::size_t i = 0; i < count; ++i) {
    step += base + v[i];
    start += step;
    v[i] = start;
  }
}

}  // namespace narthex::storage::column
