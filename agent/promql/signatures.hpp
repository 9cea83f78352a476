// SPDX-License-Identifier: Apache-2.0
// signatures.hpp - names and types of the functions that Prometheus 3.5 has. Only what the parser
// needs; what they compute is the business of function plugins.
#pragma once

#include "promql/functions.hpp"

#include <vector>

namespace narthex::promql {

std::vector<FunctionSignature> known_signatures();

}  // namespace narthex::promql
