// SPDX-License-Identifier: Apache-2.0
// The lexer's numbers and durations. What cannot be a number may still be a duration; the position
// at which reading gave up is part of the message.
#include "promql/characters.hpp"
#include "promql/lexer.hpp"
#include "promql/quoting.hpp"

namespace narthex::promql {

Token Lexer::number_or_duration() {
  if (scan_number()) return emit(TokenKind::kNumber);
  if (scan_duration_rest()) return emit(TokenKind::kDuration);
  return fail("bad number or duration syntax: " + quote(text_.substr(start_, position_ - start_)));
}

// Reads on behind a number that turned out to be no number: units, and more pairs of digits and
// unit. Which units go together is the parser's business.
bool Lexer::scan_duration_rest() {
  if (!accept("smhdwy")) return false;
  accept("s");
  while (accept("0123456789")) {
    while (accept("0123456789")) {
    }
    if (!accept("smhdw")) return false;
    accept("s");
  }
  if (at_end() || !is_alphanumeric(text_[position_])) return true;
  ++position_;
  return false;
}

// Reads what looks like a number; it may still turn out to be none. On failure the position stays
// where reading stopped, for the message and for scan_duration_rest().
bool Lexer::scan_number() {
  std::string_view digits = "0123456789";
  std::string_view part = "0123456789._eE";
  const bool hexadecimal = accept("0") && accept("xX");
  if (hexadecimal) {
    accept("_");
    digits = "0123456789abcdefABCDEF";
    part = "0123456789abcdefABCDEF._";
  }
  accept(".");
  accept(digits);
  bool dot_seen = false;
  bool exponent_seen = false;
  while (!at_end() && part.find(text_[position_]) != std::string_view::npos) {
    const char c = text_[position_];
    if (c == '.') {
      ++position_;
      if (dot_seen || accept("_.") || hexadecimal) return false;
      dot_seen = true;
    } else if (c == 'e' || c == 'E') {
      if (!scan_exponent(exponent_seen)) return false;
    } else if (c == '_') {
      ++position_;
      if (accept("._eE") || at_end()) return false;
    } else {
      while (accept(digits)) {
      }
    }
  }
  return at_end() || !is_alphanumeric(text_[position_]);
}

bool Lexer::scan_exponent(bool& seen) {
  ++position_;
  if (seen) return false;
  seen = true;
  accept("+-");
  return !accept("._eE") && !at_end();
}

}  // namespace narthex::promql
