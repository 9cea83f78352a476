// SPDX-License-Identifier: Apache-2.0
// histogram_bounds.hpp - upper bounds of the buckets of exponential histograms: those of the SDK.
#pragma once

#include <narthex/sdk/histogram_bounds.hpp>

namespace narthex::promql {

using sdk::exponential_bound;

}  // namespace narthex::promql
