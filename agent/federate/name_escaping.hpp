// SPDX-License-Identifier: Apache-2.0
// name_escaping.hpp - names of metrics and labels for those who do not take UTF-8 in names. Names
// of the old character set stay as they are in every scheme. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::federate {

enum class Escaping {
  kNone,         // allow-utf-8
  kUnderscores,  // what is not allowed becomes _
  kDots,         // . becomes _dot_, _ doubles, the rest becomes __
  kValues        // U__ in front, what is not allowed as its hexadecimal number: _2e_
};

// Letters, digits, _ and :, not a digit first. Holds for labels, too, as in Prometheus.
bool is_plain_name(std::string_view name);
std::string escape_name(std::string_view name, Escaping scheme);
// The word of a media type's escaping parameter.
std::string_view word_of(Escaping scheme);

}  // namespace narthex::federate
