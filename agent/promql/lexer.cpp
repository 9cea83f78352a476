// SPDX-License-Identifier: Apache-2.0
#include "promql/lexer.hpp"

#include "promql/characters.hpp"
#include "promql/quoting.hpp"

namespace narthex::promql {

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

}  // namespace narthex::promql
