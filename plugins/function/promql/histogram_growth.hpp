// SPDX-License-Identifier: Apache-2.0
// histogram_growth.hpp - rate, increase and delta of native histograms.
#pragma once

#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>

namespace narthex::function_promql {

// Settles the windows that hold histograms; those of floats alone stay as they are. A window that
// holds both yields nothing and a warning. REQUIRES: in.hlo is set.
void grow_histograms(const sdk::FunctionContext& context, const nx_window_in& in,
                     const nx_elem_out& out, Growth growth);

}  // namespace narthex::function_promql
