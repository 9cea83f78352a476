// SPDX-License-Identifier: Apache-2.0
// quote.hpp - texts of strangers inside messages: quoted and escaped, so that a message stays one
// printable line.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace narthex::sdk {

// Well-formed UTF-8 as Go's utf8.Valid sees it: no surrogates, no overlong forms, up to U+10FFFF.
inline bool is_utf8(std::string_view text) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = p + text.size();
  while (p != end) {
    std::uint64_t word = 0;
    if (end - p >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080u) == 0)) {
      p += 8;
      continue;
    }
    const unsigned char c = *p++;
    if (c < 0x80) continue;
    int more = 0;
    unsigned low = 0x80, high = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) {
      more = 1;
    } else if (c >= 0xE0 && c <= 0xEF) {
      more = 2;
      if (c == 0xE0) low = 0xA0;
      if (c == 0xED) high = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
      more = 3;
      if (c == 0xF0) low = 0x90;
      if (c == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (; more > 0; --more, low = 0x80, high = 0xBF) {
      if (p == end || *p < low || *p > high) return false;
      ++p;
    }
  }
  return true;
}

// Quoted; control characters escaped, and all that is not ASCII where the text is no UTF-8.
inline std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const bool printable = is_utf8(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !printable)) {
      ((out += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// The same, of at most the first 100 bytes.
inline std::string quote_excerpt(std::string_view text) {
  return text.size() > 100 ? quote(text.substr(0, 100)) + "..." : quote(text);
}

}  // namespace narthex::sdk
