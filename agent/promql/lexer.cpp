// SPDX-License-Identifier: Apache-2.0
#include "promql/lexer.hpp"

#include "promql/text.hpp"

#include <cstdio>

namespace narthex::promql {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
bool is_alphanumeric(char c) { return is_alpha(c) || is_digit(c); }

std::string lower_case(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

TokenKind single_sign(char c) {
  switch (c) {
    case ',':
      return TokenKind::kComma;
    case '*':
      return TokenKind::kMul;
    case '/':
      return TokenKind::kDiv;
    case '%':
      return TokenKind::kMod;
    case '+':
      return TokenKind::kAdd;
    case '-':
      return TokenKind::kSub;
    case '^':
      return TokenKind::kPow;
    case '@':
      return TokenKind::kAt;
    default:
      return TokenKind::kError;
  }
}

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

Token Lexer::next() {
  if (failed_) return {TokenKind::kError, {error_start_, error_start_}, {}};
  if (brace_open_) return inside_braces();
  return duration_first_ ? inside_duration() : outside();
}

Token Lexer::emit(TokenKind kind) {
  const Position position{static_cast<std::uint32_t>(start_),
                          static_cast<std::uint32_t>(position_)};
  const Token token{kind, position, text_.substr(start_, position_ - start_)};
  start_ = position_;
  return token;
}

Token Lexer::sign(TokenKind kind, std::size_t size) {
  position_ += size;
  return emit(kind);
}

Token Lexer::fail(std::string message) {
  failed_ = true;
  error_ = std::move(message);
  error_start_ = static_cast<std::uint32_t>(start_);
  return {TokenKind::kError, {error_start_, error_start_}, {}};
}

Token Lexer::unexpected(std::string_view what) {
  const Character c = decode_character(text_, position_);
  return fail("unexpected " + std::string(what) + quote_character(c.code));
}

bool Lexer::accept(std::string_view characters) {
  if (at_end() || characters.find(text_[position_]) == std::string_view::npos) return false;
  ++position_;
  return true;
}

void Lexer::skip_spaces() {
  while (!at_end() && is_space(text_[position_])) ++position_;
  start_ = position_;
}

void Lexer::skip_comment() {
  while (!at_end() && text_[position_] != '\n' && text_[position_] != '\r') ++position_;
  start_ = position_;
}

// ---- outside of braces ----

Token Lexer::outside() {
  for (skip_spaces(); peek() == '#' && !at_end(); skip_spaces()) skip_comment();
  if (at_end()) return end_of_input();
  const char c = text_[position_];
  if (const TokenKind kind = single_sign(c); kind != TokenKind::kError) return sign(kind);
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number_or_duration();
  if (is_alpha(c) || c == ':') return bracket_open_ ? bracket_letter() : word();
  switch (c) {
    case '"':
    case '\'':
      return quoted_string(c);
    case '`':
      return raw_string();
    case '(':
      ++open_parentheses_;
      return sign(TokenKind::kLeftParen);
    case ')':
      return close_parenthesis();
    case '{':
      brace_open_ = true;
      return sign(TokenKind::kLeftBrace);
    case '[':
      if (bracket_open_) return unexpected("left bracket ");
      colon_seen_ = pair_seen_ = false;
      bracket_open_ = duration_first_ = true;
      return sign(TokenKind::kLeftBracket);
    case ']':
      if (!bracket_open_) return unexpected("right bracket ");
      bracket_open_ = false;
      return sign(TokenKind::kRightBracket);
    default:
      return two_character_sign();
  }
}

Token Lexer::two_character_sign() {
  const char second = peek(1);
  switch (text_[position_]) {
    case '=':
      if (second == '=') return sign(TokenKind::kEqualEqual, 2);
      if (second == '~') return fail("unexpected character after '=': '~'");
      return sign(TokenKind::kEqual);
    case '!':
      if (second == '=') return sign(TokenKind::kNotEqual, 2);
      ++position_;
      return unexpected("character after '!': ");
    case '<':
      return second == '=' ? sign(TokenKind::kLessEqual, 2) : sign(TokenKind::kLess);
    case '>':
      return second == '=' ? sign(TokenKind::kGreaterEqual, 2) : sign(TokenKind::kGreater);
    default:
      return unexpected("character: ");
  }
}

Token Lexer::end_of_input() {
  if (open_parentheses_ != 0) return fail("unclosed left parenthesis");
  if (bracket_open_) return fail("unclosed left bracket");
  return emit(TokenKind::kEof);
}

Token Lexer::close_parenthesis() {
  if (--open_parentheses_ >= 0) return sign(TokenKind::kRightParen);
  start_ = ++position_;  // the reference blames what stands behind it
  return fail("unexpected right parenthesis ')'");
}

// Behind the first number any letter counts as the colon of a subquery: an oddity of the reference
// (`foo[5m x 1m]` is `foo[5m:1m]` there) that clients can see.
Token Lexer::bracket_letter() {
  if (options_.duration_words && is_alpha(text_[position_])) {
    if (const Token token = duration_word(); token.kind != TokenKind::kError) return token;
  }
  if (colon_seen_) return unexpected("colon ");
  colon_seen_ = true;
  return sign(TokenKind::kColon);
}

Token Lexer::duration_word() {
  std::size_t size = 1;
  while (is_alphanumeric(peek(size))) ++size;
  const std::string word = lower_case(text_.substr(position_, size));
  for (const TokenKind kind :
       {TokenKind::kStep, TokenKind::kRange, TokenKind::kMinOf, TokenKind::kMaxOf}) {
    if (spelling(kind) != word) continue;
    pair_seen_ = pair_seen_ || kind == TokenKind::kMinOf || kind == TokenKind::kMaxOf;
    return sign(kind, size);
  }
  return {TokenKind::kError, {}, {}};
}

Token Lexer::word() {
  bool colon = false;
  for (; !at_end() && (is_alphanumeric(text_[position_]) || text_[position_] == ':'); ++position_) {
    colon = colon || text_[position_] == ':';
  }
  const TokenKind kind = keyword_kind(lower_case(text_.substr(start_, position_ - start_)));
  switch (kind) {
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
      return emit(options_.extended_range_selectors ? kind : TokenKind::kIdentifier);
    case TokenKind::kFill:
    case TokenKind::kFillLeft:
    case TokenKind::kFillRight:
      // Words of their own only where they can be modifiers: metrics may have these names.
      return emit(options_.fill_modifiers && followed_by_parenthesis() ? kind
                                                                       : TokenKind::kIdentifier);
    case TokenKind::kIdentifier:
      return emit(colon ? TokenKind::kMetricIdentifier : kind);
    default:
      return emit(kind);
  }
}

bool Lexer::followed_by_parenthesis() const {
  std::size_t at = position_;
  while (at < text_.size() && is_space(text_[at])) ++at;
  return at < text_.size() && text_[at] == '(';
}

// ---- inside braces ----

Token Lexer::inside_braces() {
  for (skip_spaces(); peek() == '#' && !at_end(); skip_spaces()) skip_comment();
  if (at_end()) return fail("unexpected end of input inside braces");
  const char c = text_[position_];
  const char second = peek(1);
  if (is_alpha(c)) return identifier();
  switch (c) {
    case ',':
      return sign(TokenKind::kComma);
    case '"':
    case '\'':
      return quoted_string(c);
    case '`':
      return raw_string();
    case '=':
      return second == '~' ? sign(TokenKind::kRegexMatch, 2) : sign(TokenKind::kEqual);
    case '!':
      if (second == '~') return sign(TokenKind::kRegexNoMatch, 2);
      if (second == '=') return sign(TokenKind::kNotEqual, 2);
      ++position_;
      return unexpected("character after '!' inside braces: ");
    case '{':
      return unexpected("left brace ");
    case '}':
      brace_open_ = false;
      return sign(TokenKind::kRightBrace);
    default:
      return unexpected("character inside braces: ");
  }
}

Token Lexer::identifier() {
  while (!at_end() && is_alphanumeric(text_[position_])) ++position_;
  return emit(TokenKind::kIdentifier);
}

// ---- behind '[' ----

Token Lexer::inside_duration() {
  skip_spaces();
  if (at_end()) return fail("unexpected end of input in duration expression");
  const char c = text_[position_];
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    duration_first_ = false;
    number_seen_ = true;
    return number_or_duration();
  }
  switch (c) {
    case ']':
      bracket_open_ = duration_first_ = colon_seen_ = false;
      return sign(TokenKind::kRightBracket);
    case ':':
      return colon_in_duration();
    case '(':
      ++open_parentheses_;
      return sign(TokenKind::kLeftParen);
    case ')':
      return close_parenthesis();
    case '@':
      return unexpected("character in duration expression: ");
    case ',':
      if (pair_seen_) return sign(TokenKind::kComma);
      return unexpected("character in duration expression: ");
    default:
      break;
  }
  if (const TokenKind kind = single_sign(c); kind != TokenKind::kError) return sign(kind);
  if (options_.duration_words && is_alpha(c)) {
    if (const Token token = duration_word(); token.kind != TokenKind::kError) {
      number_seen_ = true;
      return token;
    }
  }
  return unexpected("character in duration expression: ");
}

Token Lexer::colon_in_duration() {
  const Token token = sign(TokenKind::kColon);
  if (!number_seen_) return fail("unexpected colon before duration in duration expression");
  if (colon_seen_) return fail("unexpected repeated colon in duration expression");
  colon_seen_ = true;
  return token;
}

// ---- strings ----

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

// ---- numbers ----

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
