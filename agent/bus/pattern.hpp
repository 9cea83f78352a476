// SPDX-License-Identifier: Apache-2.0
// pattern.hpp - names of topics and the patterns that choose among them. Pure.
#pragma once

#include <string_view>

namespace narthex::bus {

// Dotted levels of letters, digits, '_' and '-'; at most 255 bytes.
bool is_topic_name(std::string_view name) noexcept;
// A topic name, "levels.*", "levels.>" or ">".
bool is_pattern(std::string_view pattern) noexcept;
// REQUIRES: is_pattern(pattern), is_topic_name(topic).
bool matches(std::string_view pattern, std::string_view topic) noexcept;

}  // namespace narthex::bus
