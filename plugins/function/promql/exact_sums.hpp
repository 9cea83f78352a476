// SPDX-License-Identifier: Apache-2.0
// exact_sums.hpp - what compensated sums of windows keep beside their plain sums, from integers.
//
// A compensated sum adds up what each of its additions rounds away. Each of these rests is a double
// without rounding, and so is their sum, as long as no value is smaller by too many powers of two
// than the largest sum may be. Then the compensation is the true sum of the window less the plain
// one, whatever the order it was added in: the true sum is a difference of two sums from the start
// of the series, in units of which all values are multiples. Only the difference need fit into 64
// bits, so all is counted modulo 2^64. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace narthex::function_promql {

class ExactSums {
 public:
  // Makes ready for windows of up to `window_max` of these values. False where rests may be
  // rounded, or a sum or value is not finite: add them up then.
  bool load(std::span<const double> values, std::size_t window_max);

  // Of the window [first, last) of the values, whose plain sum is `sum`.
  // REQUIRES: load() was true, and first < last <= first + window_max.
  double compensation(std::size_t first, std::size_t last, double sum) const;

 private:
  int unit_ = 0;                      // all values are multiples of 2^unit_
  double unit_size_ = 1;              // 2^unit_
  std::vector<std::uint64_t> until_;  // [i]: the sum of the first i values, in units
};

}  // namespace narthex::function_promql
