// SPDX-License-Identifier: Apache-2.0
#include "relabel/letter_case.hpp"

#include <clocale>
#include <cwctype>
#include <locale.h>

namespace narthex::relabel {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// glibc's own tables of Unicode, without the process's locale. It is never freed.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// Takes one character off the front.
char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC2 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                                         : 4;
  char32_t c = size == 1 ? lead : size == 2 ? lead & 0x1F : size == 3 ? lead & 0x0F : lead & 0x07;
  bool good = size != 0 && lead < 0xF5 && size <= text.size();
  for (std::size_t i = 1; good && i < size; ++i) {
    good = (byte(i) & 0xC0) == 0x80;
    c = c << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kFirst[] = {0, 0, 0x80, 0x800, 0x10000};
  good = good && c >= kFirst[size] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
  text.remove_prefix(good ? size : 1);
  return good ? c : kReplacement;
}

void append_character(char32_t c, std::string& out) {
  const auto continuation = [&](int shift) {
    out += static_cast<char>(0x80 | (c >> shift & 0x3F));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    continuation(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

// Maps every character; ASCII letters between first and last by the bit that makes their case.
template <class Map>
void append_mapped(std::string_view text, char first, char last, Map map, std::string& out) {
  while (!text.empty()) {
    const char c = text.front();
    if (static_cast<unsigned char>(c) < 0x80) {
      out += c >= first && c <= last ? static_cast<char>(c ^ 0x20) : c;
      text.remove_prefix(1);
      continue;
    }
    append_character(map(take_character(text)), out);
  }
}

}  // namespace

void append_lower(std::string_view text, std::string& out) {
  append_mapped(
      text, 'A', 'Z',
      [](char32_t c) {
        return static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), unicode()));
      },
      out);
}

void append_upper(std::string_view text, std::string& out) {
  append_mapped(
      text, 'a', 'z',
      [](char32_t c) {
        return static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), unicode()));
      },
      out);
}

}  // namespace narthex::relabel
