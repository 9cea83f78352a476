// SPDX-License-Identifier: Apache-2.0
// histogram_bounds.hpp - upper bounds of the buckets of exponential histograms. Pure.
#pragma once

#include <cstdint>

namespace narthex::promql {

// 2^(index / 2^schema), to the bit as Prometheus has it. REQUIRES: -4 <= schema <= 8.
double exponential_bound(std::int64_t index, int schema);

}  // namespace narthex::promql
