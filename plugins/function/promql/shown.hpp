// SPDX-License-Identifier: Apache-2.0
// shown.hpp - numbers and texts inside messages and labels, in Go's spelling. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::function_promql {

// Go's %g.
std::string shown(double value);
// Go's %q.
std::string quoted(std::string_view text);
// As label values of OpenMetrics have it: whole numbers end with ".0".
std::string open_metrics_number(double value);

}  // namespace narthex::function_promql
