// SPDX-License-Identifier: Apache-2.0
// The lexer's string literals: where they end and whether their escapes mean something.
#include "promql/characters.hpp"
#include "promql/lexer.hpp"
#include "promql/quoting.hpp"

#include <cstdio>

namespace narthex::promql {

namespace {

// "U+0071 'q'": how Go writes a character that surprises.
std::string unicode_name(Character c) {
  char buffer[16];
  const std::int32_t code = c.code;
  std::snprintf(buffer, sizeof buffer, "U+%04X", static_cast<unsigned>(code));
  const std::string shown = quote_character(code);
  const bool printable = shown.size() > 2 && shown[1] != '\\';
  return printable || code == '\\' || code == '\''
             ? std::string(buffer) + " '" +
                   [code] {
                     std::string s;
                     append_utf8(s, static_cast<std::uint32_t>(code));
                     return s;
                   }() +
                   "'"
             : std::string(buffer);
}

}  // namespace

Token Lexer::quoted_string(char quote) {
  for (++position_;;) {
    if (at_end() || text_[position_] == '\n') return fail("unterminated quoted string");
    const Character c = decode_character(text_, position_);
    position_ += c.size;
    if (c.code == quote) return emit(TokenKind::kString);
    if (c.code == 0xFFFD) return fail("invalid UTF-8 rune");
    if (c.code == '\\' && !scan_escape(quote)) return {TokenKind::kError, {}, {}};
  }
}

Token Lexer::raw_string() {
  for (++position_;;) {
    if (at_end()) return fail("unterminated raw string");
    const Character c = decode_character(text_, position_);
    position_ += c.size;
    if (c.code == '`') return emit(TokenKind::kString);
    if (c.code == 0xFFFD) return fail("invalid UTF-8 rune");
  }
}

bool Lexer::scan_escape(char quote) {
  if (at_end()) {
    fail("escape sequence not terminated");
    return false;
  }
  const Character c = decode_character(text_, position_);
  constexpr std::string_view kSimple = "abfnrtv\\";
  if (c.code == quote ||
      (c.code < 128 && kSimple.find(static_cast<char>(c.code)) != kSimple.npos)) {
    ++position_;
    return true;
  }
  if (c.code >= '0' && c.code <= '7') return scan_code_point(3, 8, 255);
  if (c.code == 'x' || c.code == 'u' || c.code == 'U') {
    ++position_;
    const std::size_t digits = c.code == 'x' ? 2 : c.code == 'u' ? 4 : 8;
    return scan_code_point(digits, 16, c.code == 'x' ? 255 : 0x10FFFF);
  }
  fail("unknown escape sequence " + unicode_name(c));
  return false;
}

bool Lexer::scan_code_point(std::size_t digits, std::uint32_t base, std::uint32_t max) {
  std::uint32_t value = 0;
  for (; digits > 0; --digits) {
    if (at_end()) {
      fail("escape sequence not terminated");
      return false;
    }
    const Character c = decode_character(text_, position_);
    const std::uint32_t digit = c.code < 128 && is_digit(static_cast<char>(c.code))
                                    ? static_cast<std::uint32_t>(c.code - '0')
                                : (c.code | 0x20) >= 'a' && (c.code | 0x20) <= 'f'
                                    ? static_cast<std::uint32_t>((c.code | 0x20) - 'a' + 10)
                                    : 16;
    if (digit >= base) {
      fail("illegal character " + unicode_name(c) + " in escape sequence");
      return false;
    }
    value = value * base + digit;
    position_ += c.size;
  }
  if (value <= max && !(value >= 0xD800 && value < 0xE000)) return true;
  fail("escape sequence is an invalid Unicode code point");
  return false;
}

}  // namespace narthex::promql
