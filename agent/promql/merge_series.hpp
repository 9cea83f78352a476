// SPDX-License-Identifier: Apache-2.0
// merge_series.hpp - series with equal labels become one. Two values at one step are an error of
// the query: "vector cannot contain metrics with the same labelset".
#pragma once

#include "promql/batch.hpp"
#include "promql/context.hpp"
#include "promql/operators.hpp"

namespace narthex::promql {

// False when the query failed.
bool merge_equal_series(Context& context, Batch& all, Collision collision);

// Adds the elements of a series to another; false when both have one at some step.
bool merge_into(Batch& to, std::size_t target, const Batch& from, std::size_t source);

}  // namespace narthex::promql
