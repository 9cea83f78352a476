// SPDX-License-Identifier: Apache-2.0
#include "storage/column/decimals.hpp"

#include <algorithm>
#include <cmath>

namespace narthex::storage::column {
namespace {

constexpr double kPowers[kExponentMax + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
constexpr double kWideMax = 0x1p63;

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

// One value as the kernel does it, and large integers too.
bool to_decimal(double value, unsigned exponent, std::uint64_t* m, bool* wide) {
  const double scaled = value * kPowers[exponent];
  if (!(std::fabs(scaled) < kWideMax)) return false;
  const double rounded = std::nearbyint(scaled);
  const bool large = std::fabs(rounded) >= kNarrowMax;
  if (large && exponent > 0) return false;
  const auto integer = static_cast<std::int64_t>(rounded);
  if (bits_of(static_cast<double>(integer) / kPowers[exponent]) != bits_of(value)) return false;
  *m = static_cast<std::uint64_t>(integer);
  *wide |= large;
  return true;
}

// The least exponent from `exponent` on that fits; above kExponentMax when none does.
unsigned exponent_of(double value, unsigned exponent) {
  std::uint64_t m = 0;
  bool wide = false;
  // A negative zero is no integer, and no exponent helps it.
  if (!std::isfinite(value) || value == 0)
    return value == 0 && !std::signbit(value) ? exponent : kExponentMax + 1;
  while (exponent <= kExponentMax && !to_decimal(value, exponent, &m, &wide)) ++exponent;
  return exponent;
}

// A first guess from a few values; above kExponentMax when most of them have none.
unsigned guess_exponent(std::span<const double> values) {
  constexpr std::size_t kProbes = 16;
  const std::size_t probes = std::min(kProbes, values.size());
  unsigned guess = 0;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < probes; ++i) {
    const unsigned exponent = exponent_of(values[i * values.size() / probes], guess);
    if (exponent <= kExponentMax) {
      guess = exponent;
    } else if (++failed > 3 && failed * 2 > i) {
      return kExponentMax + 1;
    }
  }
  return guess;
}

class Attempt {
 public:
  Attempt(std::span<const double> values, Decimals& out)
      : values_(values), exceptions_max_(1 + values.size() / 16), out_(out) {}

  // True when every value is a decimal of this exponent or an exception. False, and next() says
  // which exponent to try next.
  bool run(unsigned exponent) {
    out_.exponent = exponent;
    out_.exceptions = 0;
    out_.wide = false;
    next_ = exponent;
    for (std::size_t row = 0; row < values_.size(); row += kBlockRows) {
      if (!take_block(row)) return false;
    }
    return true;
  }
  unsigned next() const { return next_; }

 private:
  bool take_block(std::size_t row) {
    const std::size_t count = std::min(kBlockRows, values_.size() - row);
    const double* from = values_.data() + row;
    double padded[kBlockRows];
    if (count < kBlockRows) {
      std::copy_n(from, count, padded);
      std::fill(padded + count, padded + kBlockRows, 0.0);
      from = padded;
    }
    std::uint64_t* m = out_.m.data() + row;
    if (kernels().from_decimals(from, kPowers[out_.exponent], m)) return true;
    for (std::size_t i = row; i < row + count; ++i) {
      if (to_decimal(values_[i], out_.exponent, &out_.m[i], &out_.wide)) continue;
      const unsigned exponent = exponent_of(values_[i], out_.exponent + 1);
      next_ = exponent;
      if (exponent <= kExponentMax || out_.exceptions == exceptions_max_) return false;
      out_.exception_row[out_.exceptions++] = static_cast<std::uint16_t>(i);
    }
    return true;
  }

  std::span<const double> values_;
  std::size_t exceptions_max_;
  Decimals& out_;
  unsigned next_ = 0;
};

// Exceptions take the integer before them, the first ones that of the first decimal, so that they
// cost no width. False: there is no decimal.
bool fill_exceptions(std::size_t count, Decimals& out) {
  if (out.exceptions == count) return false;
  std::size_t first = 0;
  while (first < out.exceptions && out.exception_row[first] == first) ++first;
  std::fill_n(out.m.begin(), first, out.m[first]);
  for (std::size_t e = first; e < out.exceptions; ++e) {
    const std::size_t row = out.exception_row[e];
    out.m[row] = out.m[row - 1];
  }
  return true;
}

}  // namespace

double power_of_ten(unsigned exponent) { return exponent <= kExponentMax ? kPowers[exponent] : 0; }

bool find_decimals(std::span<const double> values, Decimals& out) {
  Attempt attempt(values, out);
  unsigned exponent = guess_exponent(values);
  while (exponent <= kExponentMax) {
    if (attempt.run(exponent)) return fill_exceptions(values.size(), out);
    if (attempt.next() <= exponent) return false;
    exponent = attempt.next();
  }
  return false;
}

}  // namespace narthex::storage::column
