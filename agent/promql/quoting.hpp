// SPDX-License-Identifier: Apache-2.0
// quoting.hpp - string literals, written and read with Go's escapes: messages and printed queries
// must be equal to Prometheus's to the byte. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::promql {

// "text" with Go's escapes.
std::string quote(std::string_view text);
void append_quoted(std::string& out, std::string_view text);
// 'x' with Go's escapes.
std::string quote_character(std::int32_t code);
// The content of a string token, quotes included in token. REQUIRES: escapes checked by the lexer.
std::string unquote(std::string_view token);

}  // namespace narthex::promql
