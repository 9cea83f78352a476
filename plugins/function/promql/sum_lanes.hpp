// SPDX-License-Identifier: Apache-2.0
// sum_lanes.hpp - sums of several windows at once, a lane each: one sum is a chain of additions
// that wait for each other, sixteen of them keep the processor busy. Each lane adds in the order of
// its window. Compiled for every x86-64 and for AVX2 and chosen once.
#pragma once

#include "plugins/function/promql/sums.hpp"

#include <cstddef>

namespace narthex::function_promql {

inline constexpr std::size_t kLanes = 16;

// Adds the `count` values behind v[lane] to the sum of each lane as CompensatedSum does, for as
// long as it is finite: a sum that is not, in the end, is to be made anew.
void add_lanes(const double* const v[kLanes], std::size_t count, CompensatedSum sums[kLanes]);

// The same for plain sums, with what is rounded away lost.
void add_lanes(const double* const v[kLanes], std::size_t count, double sums[kLanes]);

}  // namespace narthex::function_promql
