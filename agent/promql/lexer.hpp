// SPDX-License-Identifier: Apache-2.0
// lexer.hpp - cuts a query into tokens, one at a time, skipping spaces and comments.
//
// What a character means depends on where it stands: inside braces words are never keywords, and
// between brackets, up to the first number, only arithmetic is allowed. The first error ends the
// stream: next() then returns kError for ever. Borrows the query text. One thread.
#pragma once

#include "promql/token.hpp"

#include <string>
#include <string_view>

namespace narthex::promql {

// Words that newer releases made keywords, each behind its feature.
struct LexerOptions {
  bool extended_range_selectors = false;  // anchored, smoothed
  bool fill_modifiers = false;            // fill, fill_left, fill_right
  bool duration_words = false;            // step, range, min_of, max_of between brackets
};

class Lexer {
 public:
  Lexer(std::string_view text, LexerOptions options) : text_(text), options_(options) {}

  Token next();

  // What was wrong and where, after a kError token.
  const std::string& error() const { return error_; }
  std::uint32_t error_start() const { return error_start_; }

 private:
  Token outside();
  Token inside_braces();
  Token inside_duration();
  Token bracket_letter();
  Token duration_word();
  Token word();
  Token identifier();
  Token number_or_duration();
  Token quoted_string(char quote);
  Token raw_string();
  Token close_parenthesis();
  Token end_of_input();
  Token colon_in_duration();
  Token two_character_sign();
  bool scan_number();
  bool scan_exponent(bool& seen);
  bool scan_duration_rest();
  bool scan_escape(char quote);
  bool scan_code_point(std::size_t digits, std::uint32_t base, std::uint32_t max);
  void skip_spaces();
  void skip_comment();

  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  bool at_end() const { return position_ >= text_.size(); }
  bool accept(std::string_view characters);
  bool followed_by_parenthesis() const;
  Token emit(TokenKind kind);
  Token sign(TokenKind kind, std::size_t size = 1);
  Token fail(std::string message);
  Token unexpected(std::string_view what);

  std::string_view text_;
  LexerOptions options_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  // of the token being read
  int open_parentheses_ = 0;
  bool brace_open_ = false;
  bool bracket_open_ = false;
  bool duration_first_ = false;  // between '[' and the first number behind it
  bool pair_seen_ = false;       // min_of or max_of, since '['
  bool colon_seen_ = false;      // since '['
  bool number_seen_ = false;     // ever, between brackets
  bool failed_ = false;
  std::string error_;
  std::uint32_t error_start_ = 0;
};

}  // namespace narthex::promql
