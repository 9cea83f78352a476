// SPDX-License-Identifier: Apache-2.0
// extended_growth.hpp - rate, increase and delta over anchored and smoothed windows, which bring
// the samples around their ends: nothing is extrapolated.
#pragma once

#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>

namespace narthex::function_promql {

// REQUIRES: in.flags has NX_WINDOW_ANCHORED or NX_WINDOW_SMOOTHED.
void grow_extended(const sdk::FunctionContext& context, const nx_window_in& in,
                   const nx_elem_out& out, Growth growth);

}  // namespace narthex::function_promql
