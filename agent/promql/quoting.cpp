// SPDX-License-Identifier: Apache-2.0
#include "promql/quoting.hpp"

#include "promql/characters.hpp"

#include <algorithm>
#include <array>

namespace narthex::promql {

namespace {

struct CodeRange {
  std::int32_t first;
  std::int32_t last;
};
// What Go's IsPrint refuses beyond ASCII, as far as it has a name: controls, spaces, format
// characters, surrogates and private use.
constexpr std::array kUnprintable = {
    CodeRange{0x7F, 0xA0},        CodeRange{0xAD, 0xAD},     CodeRange{0x600, 0x605},
    CodeRange{0x61C, 0x61C},      CodeRange{0x6DD, 0x6DD},   CodeRange{0x70F, 0x70F},
    CodeRange{0x1680, 0x1680},    CodeRange{0x180E, 0x180E}, CodeRange{0x2000, 0x200F},
    CodeRange{0x2028, 0x202F},    CodeRange{0x205F, 0x206F}, CodeRange{0x3000, 0x3000},
    CodeRange{0xD800, 0xF8FF},    CodeRange{0xFEFF, 0xFEFF}, CodeRange{0xFFF0, 0xFFFB},
    CodeRange{0xE0000, 0x10FFFF},
};

bool is_printable(std::int32_t code) {
  if (code < 0x20) return false;
  return std::none_of(kUnprintable.begin(), kUnprintable.end(),
                      [code](const CodeRange& r) { return code >= r.first && code <= r.last; });
}

void append_hex(std::string& out, std::string_view prefix, std::uint32_t value, int digits) {
  out += prefix;
  for (int i = digits - 1; i >= 0; --i) out += "0123456789abcdef"[(value >> (4 * i)) & 15];
}

void append_escaped(std::string& out, std::int32_t code, char quote_sign) {
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetter = "abfnrtv";
  if (code == quote_sign || code == '\\') {
    out += '\\';
    out += static_cast<char>(code);
  } else if (is_printable(code)) {
    append_utf8(out, static_cast<std::uint32_t>(code));
  } else if (const auto at = kPlain.find(static_cast<char>(code));
             code < 128 && at != kPlain.npos) {
    out += '\\';
    out += kLetter[at];
  } else if (code < ' ' || code == 0x7F) {
    append_hex(out, "\\x", static_cast<std::uint32_t>(code), 2);
  } else if (code < 0x10000) {
    append_hex(out, "\\u", static_cast<std::uint32_t>(code), 4);
  } else {
    append_hex(out, "\\U", static_cast<std::uint32_t>(code), 8);
  }
}

// Reads an escape that stands at text[at] (behind the backslash); returns where it ends.
std::size_t append_unescaped(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetter = "abfnrtv";
  const char c = text[at];
  if (const auto letter = kLetter.find(c); letter != kLetter.npos) {
    out += kPlain[letter];
    return at + 1;
  }
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  std::uint32_t value = 0;
  if (digits != 0) {
    for (std::size_t i = 1; i <= digits && at + i < text.size(); ++i) {
      value = value * 16 + static_cast<std::uint32_t>(digit_value(text[at + i]));
    }
    if (c == 'x') {
      out += static_cast<char>(value);
    } else {
      append_utf8(out, value);
    }
    return at + digits + 1;
  }
  if (c >= '0' && c <= '7') {
    for (std::size_t i = 0; i < 3 && at + i < text.size(); ++i) {
      value = value * 8 + static_cast<std::uint32_t>(digit_value(text[at + i]));
    }
    out += static_cast<char>(value);
    return at + 3;
  }
  out += c;
  return at + 1;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const Character c = decode_character(text, at);
    if (c.code == kReplacementCharacter && c.size == 1) {
      append_hex(out, "\\x", static_cast<unsigned char>(text[at]), 2);
    } else {
      append_escaped(out, c.code, '"');
    }
    at += c.size;
  }
  out += '"';
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string quote_character(std::int32_t code) {
  std::string out = "'";
  append_escaped(out, code < 0 ? kReplacementCharacter : code, '\'');
  return out + "'";
}

std::string unquote(std::string_view token) {
  const std::string_view text = token.substr(1, token.size() - 2);
  if (token[0] == '`') return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      at = append_unescaped(out, text, at + 1);
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace narthex::promql
