// SPDX-License-Identifier: Apache-2.0
// sums.hpp - compensated addition. Pure.
#pragma once

#include <cmath>

namespace narthex::function_promql {

// Neumaier's variant of Kahan's sum: what addition rounds away is kept apart. The order of
// operations is part of the contract: results equal Prometheus's bit for bit.
struct CompensatedSum {
  double sum = 0;
  double compensation = 0;

  void add(double value) {
    const double total = sum + value;
    if (std::isinf(total)) {
      compensation = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      compensation += (sum - total) + value;
    } else {
      compensation += (value - total) + sum;
    }
    sum = total;
  }
  double value() const { return std::isinf(sum) ? sum : sum + compensation; }
};

}  // namespace narthex::function_promql
