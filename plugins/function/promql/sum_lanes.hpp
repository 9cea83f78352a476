// SPDX-License-Identifier: Apache-2.0
// sum_lanes.hpp - compensated sums of several windows at once, a lane each: one sum is a chain of
// additions that wait for each other, eight of them keep the processor busy. Each lane does what
// CompensatedSum does, in the same order. Compiled for every x86-64 and for AVX2 and chosen once.
#pragma once

#include "plugins/function/promql/sums.hpp"

#include <cstddef>

namespace narthex::function_promql {

inline constexpr std::size_t kLanes = 8;

// Adds the `count` values behind v[lane] to the sum of each lane. True when no sum was infinite on
// the way; else the sums are as they came, and the caller goes on one by one.
bool add_lanes(const double* const v[kLanes], std::size_t count, CompensatedSum sums[kLanes]);

}  // namespace narthex::function_promql
