// SPDX-License-Identifier: Apache-2.0
// yaml_scalar.hpp - which style Go's yaml.v2 writes a string in. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::config {

enum class ScalarStyle { kPlain, kSingle, kDouble, kLiteral };

// `flow`: inside [a, b].
ScalarStyle scalar_style(std::string_view text, bool flow);
// The body of a double-quoted scalar, without the quotes.
std::string escape_double(std::string_view text);

}  // namespace narthex::config
