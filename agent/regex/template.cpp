// SPDX-License-Identifier: Apache-2.0
#include "regex/template.hpp"

#include <re2/re2.h>

namespace narthex::regex {
namespace {

// Bytes of the letter, digit or '_' at the front; 0: something else is there.
std::size_t name_character_size(std::string_view text) {
  if (text.empty()) return 0;
  const char c = text[0];
  const bool ascii_name =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  if (ascii_name) return 1;
  if (static_cast<unsigned char>(c) < 0x80) return 0;
  static const RE2 letter("[\\pL\\p{Nd}]");
  re2::StringPiece found;
  const re2::StringPiece piece(text.data(), text.size());
  if (!letter.Match(piece, 0, piece.size(), RE2::ANCHOR_START, &found, 1)) return 0;
  return found.size();
}

int group_number(std::string_view name) {
  if (name.size() > 1 && name[0] == '0') return -1;
  int number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9' || number >= 100'000'000) return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// After a '$'. Takes the reference off and returns its name; empty: it is none, nothing was taken.
std::string_view take_reference(std::string_view& text) {
  std::string_view rest = text;
  const bool brace = rest.starts_with('{');
  if (brace) rest.remove_prefix(1);
  std::size_t size = 0;
  while (const std::size_t more = name_character_size(rest.substr(size))) size += more;
  const std::string_view name = rest.substr(0, size);
  rest.remove_prefix(size);
  if (size == 0 || (brace && !rest.starts_with('}'))) return {};
  if (brace) rest.remove_prefix(1);
  text = rest;
  return name;
}

}  // namespace

std::optional<Piece> next_piece(std::string_view& replacement) {
  if (replacement.empty()) return std::nullopt;
  const std::size_t dollar = replacement.find('$');
  if (dollar != 0) {
    const Piece piece{replacement.substr(0, dollar), {}, -1};
    replacement.remove_prefix(piece.literal.size());
    return piece;
  }
  const std::string_view sign = replacement.substr(0, 1);
  replacement.remove_prefix(1);
  if (replacement.starts_with('$')) {
    replacement.remove_prefix(1);
    return Piece{sign, {}, -1};
  }
  const std::string_view name = take_reference(replacement);
  if (name.empty()) return Piece{sign, {}, -1};  // a '$' that begins no reference stands for itself
  return Piece{{}, name, group_number(name)};
}

}  // namespace narthex::regex
