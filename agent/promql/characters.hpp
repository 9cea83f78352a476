// SPDX-License-Identifier: Apache-2.0
// characters.hpp - the characters of a query: UTF-8, and which of them make names and digits. Pure
// functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::promql {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
constexpr bool is_alphanumeric(char c) { return is_alpha(c) || is_digit(c); }
// 16 for what is no hexadecimal digit.
int digit_value(char c);

inline constexpr std::int32_t kNoCharacter = -1;
inline constexpr std::int32_t kReplacementCharacter = 0xFFFD;

// One character of UTF-8 text. code is U+FFFD and size 1 where the bytes are invalid;
// kNoCharacter and 0 at the end.
struct Character {
  std::int32_t code = kNoCharacter;
  std::uint32_t size = 0;
};
Character decode_character(std::string_view text, std::size_t at);
void append_utf8(std::string& out, std::uint32_t code);
bool is_valid_utf8(std::string_view text);
std::size_t bytes_of_characters(std::string_view text, std::size_t characters);

// ASCII only.
std::string lower_case(std::string_view word);

// A name that needs no quotes in a matcher; a metric name may have colons too.
bool is_plain_label_name(std::string_view name);
bool is_plain_metric_name(std::string_view name);

}  // namespace narthex::promql
