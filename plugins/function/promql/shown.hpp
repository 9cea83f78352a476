// SPDX-License-Identifier: Apache-2.0
// shown.hpp - numbers inside messages and labels, in Go's spelling. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::function_promql {

// Go's %g.
std::string shown(double value);
// As label values of OpenMetrics have it: whole numbers end with ".0".
std::string open_metrics_number(double value);

}  // namespace narthex::function_promql
