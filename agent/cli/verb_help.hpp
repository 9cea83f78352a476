// SPDX-License-Identifier: Apache-2.0
// verb_help.hpp - what the help of the smaller verbs says below the options: examples, and what a
// newcomer asks first.
#pragma once

#include <string>
#include <string_view>

namespace narthex::cli {

// `verb` empty: of the program.
std::string verb_help(std::string_view verb);

}  // namespace narthex::cli
