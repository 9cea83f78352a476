// SPDX-License-Identifier: Apache-2.0
// fingerprint.hpp - what tells an unchanged part of the configuration from a changed one.
#pragma once

#include <narthex/plugin.h>

#include <string>
#include <string_view>

namespace narthex::config {

// 128 bits of the text, as hex. Not for adversaries: both texts are the operator's.
std::string fingerprint_of(std::string_view text);
// A tree as one line: equal trees give equal text, whatever comments and layout were.
void append_canonical(std::string& out, const nx_value& value);

}  // namespace narthex::config
