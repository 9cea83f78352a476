// SPDX-License-Identifier: Apache-2.0
// utf8.hpp - whether bytes that a plugin calls text are UTF-8, and what is shown when they are not.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::host {

// Well-formed UTF-8 without overlong forms, surrogates and code points past U+10FFFF.
bool is_utf8(std::string_view text);
// The text, with each offending byte replaced by U+FFFD.
std::string as_utf8(std::string_view text);

}  // namespace narthex::host
