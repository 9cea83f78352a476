// SPDX-License-Identifier: Apache-2.0
// numbers.hpp - number literals, read and written as Go does. Pure functions.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::promql {

// Decimal, hexadecimal, octal, binary, inf, nan, underscores. The message is Go's.
Result<double> parse_number(std::string_view text);
// The shortest digits that read back as value, without exponent; NaN, +Inf, -Inf.
std::string format_number(double value);
void append_number(std::string& out, double value);
// Go's %g: the shortest digits, with an exponent below 1e-4 and from 1e6 up.
std::string format_general(double value);
// %f and %.3f.
std::string format_fixed(double value, int digits);

}  // namespace narthex::promql
