// SPDX-License-Identifier: Apache-2.0
// token.hpp - the words of the query language. A token is a kind and a byte range of the query
// text; it owns nothing. Immutable values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::promql {

// A half-open byte range of the query text.
struct Position {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

enum class TokenKind : std::uint8_t {
  kEof,
  kError,
  kIdentifier,
  kMetricIdentifier,
  kNumber,
  kDuration,
  kString,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kEqual,
  // Operators.
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kAt,
  kEqualEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kRegexMatch,
  kRegexNoMatch,
  kAnd,
  kOr,
  kUnless,
  // Aggregators.
  kAvg,
  kBottomk,
  kCount,
  kCountValues,
  kGroup,
  kLimitk,
  kLimitRatio,
  kMax,
  kMin,
  kQuantile,
  kStddev,
  kStdvar,
  kSum,
  kTopk,
  // Keywords.
  kBool,
  kBy,
  kGroupLeft,
  kGroupRight,
  kIgnoring,
  kOffset,
  kOn,
  kWithout,
  kAnchored,
  kSmoothed,
  kFill,
  kFillLeft,
  kFillRight,
  // Words of the @ modifier and of duration expressions.
  kStart,
  kEnd,
  kStep,
  kRange,
  kMinOf,
  kMaxOf,
};

struct Token {
  TokenKind kind = TokenKind::kEof;
  Position position;
  std::string_view text;  // of the query; of a kError token nothing
};

// How the language writes a kind: "+", "group_left", "topk".
std::string_view spelling(TokenKind kind);

bool is_operator(TokenKind kind);
bool is_comparison(TokenKind kind);
bool is_set_operator(TokenKind kind);
bool is_aggregator(TokenKind kind);
bool is_keyword(TokenKind kind);
bool aggregator_has_parameter(TokenKind kind);
bool is_experimental_aggregator(TokenKind kind);

// How an error message names a token: `identifier "foo"`, `<op:+>`, `end of input`.
std::string describe(const Token& token);

// The kind of a sign that no second character changes, or kError.
TokenKind single_sign(char c);

// The kind of a keyword in lower case, or kIdentifier.
TokenKind keyword_kind(std::string_view lower_case_word);

}  // namespace narthex::promql
