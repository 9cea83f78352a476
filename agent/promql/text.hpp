// SPDX-License-Identifier: Apache-2.0
// text.hpp - how Prometheus writes and reads literals: quoted strings, numbers, durations. Go's
// layouts, since messages and printed queries must be equal to the byte. Pure functions.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::promql {

inline constexpr std::int32_t kNoCharacter = -1;

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

// "text" with Go's escapes.
std::string quote(std::string_view text);
void append_quoted(std::string& out, std::string_view text);
// 'x' with Go's escapes.
std::string quote_character(std::int32_t code);
// The content of a string token, quotes included in token. REQUIRES: escapes checked by the lexer.
std::string unquote(std::string_view token);

// A name that needs no quotes in a matcher; a metric name may have colons too.
bool is_plain_label_name(std::string_view name);
bool is_plain_metric_name(std::string_view name);

// Decimal, hexadecimal, octal, binary, inf, nan, underscores. The message is Go's.
Result<double> parse_number(std::string_view text);
// The shortest digits that read back as value, without exponent; NaN, +Inf, -Inf.
std::string format_number(double value);
void append_number(std::string& out, double value);
// Go's %g: the shortest digits, with an exponent below 1e-4 and from 1e6 up.
std::string format_general(double value);
// %f and %.3f.
std::string format_fixed(double value, int digits);

// "1h30m" in milliseconds.
Result<std::int64_t> parse_duration_ms(std::string_view text);
std::string format_duration_ms(std::int64_t duration_ms);

}  // namespace narthex::promql
