// SPDX-License-Identifier: Apache-2.0
// The lexer between '[' and ']'.
#include "promql/characters.hpp"
#include "promql/lexer.hpp"

namespace narthex::promql {

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

}  // namespace narthex::promql
