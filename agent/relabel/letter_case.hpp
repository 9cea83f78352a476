// SPDX-License-Identifier: Apache-2.0
// letter_case.hpp - lower and upper case of UTF-8 text, letter by letter and in no language's
// rules, as Go's strings.ToLower and ToUpper. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::relabel {

// Both append to out. A byte that is no UTF-8 becomes U+FFFD.
void append_lower(std::string_view text, std::string& out);
void append_upper(std::string_view text, std::string& out);

}  // namespace narthex::relabel
