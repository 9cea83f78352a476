// SPDX-License-Identifier: Apache-2.0
#include "federate/name_escaping.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace narthex::federate {

namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

bool is_plain(std::uint32_t c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         (c >= '0' && c <= '9' && !first);
}

// Takes one character off the front. A byte that begins none is U+FFFD, as in Go.
std::uint32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC2 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  std::uint32_t c = size <= 1 ? lead : lead & (0xFFu >> (size + 1));
  bool good = size != 0 && size <= text.size();
  for (std::size_t i = 1; good && i < size; ++i) {
    good = (byte(i) & 0xC0) == 0x80;
    c = c << 6 | (byte(i) & 0x3F);
  }
  const bool overlong = (size == 3 && c < 0x800) || (size == 4 && (c < 0x10000 || c > 0x10FFFF));
  if (!good || overlong || (c >= 0xD800 && c <= 0xDFFF)) {
    text.remove_prefix(1);
    return kReplacement;
  }
  text.remove_prefix(size);
  return c;
}

void append_hexadecimal(std::string& out, std::uint32_t c) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, c, 16);
  out.append(digits, end.ptr);
}

void append_escaped(std::string& out, std::uint32_t c, bool first, Escaping scheme) {
  if (scheme != Escaping::kUnderscores && c == '_') {
    out += "__";
  } else if (is_plain(c, first)) {
    out += static_cast<char>(c);
  } else if (scheme == Escaping::kUnderscores) {
    out += '_';
  } else if (scheme == Escaping::kDots) {
    out += c == '.' ? "_dot_" : "__";
  } else {
    out += '_';
    append_hexadecimal(out, c);
    out += '_';
  }
}

}  // namespace

bool is_plain_name(std::string_view name) {
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_plain(static_cast<unsigned char>(name[i]), i == 0)) return false;
  }
  return true;
}

std::string escape_name(std::string_view name, Escaping scheme) {
  if (scheme == Escaping::kNone || name.empty() || is_plain_name(name)) return std::string(name);
  std::string out;
  if (scheme == Escaping::kValues) out = "U__";
  for (bool first = true; !name.empty(); first = false) {
    append_escaped(out, take_character(name), first, scheme);
  }
  return out;
}

std::string_view word_of(Escaping scheme) {
  switch (scheme) {
    case Escaping::kNone:
      return "allow-utf-8";
    case Escaping::kDots:
      return "dots";
    case Escaping::kValues:
      return "values";
    default:
      return "underscores";
  }
}

}  // namespace narthex::federate
