// SPDX-License-Identifier: Apache-2.0
#include "promql/token.hpp"

#include "promql/characters.hpp"
#include "promql/quoting.hpp"

#include <algorithm>
#include <array>

namespace narthex::promql {

namespace {

struct Spelling {
  TokenKind kind;
  std::string_view text;
  bool word;  // a keyword as against a sign
};

constexpr std::array kSpellings = {
    Spelling{TokenKind::kLeftParen, "(", false},
    Spelling{TokenKind::kRightParen, ")", false},
    Spelling{TokenKind::kLeftBrace, "{", false},
    Spelling{TokenKind::kRightBrace, "}", false},
    Spelling{TokenKind::kLeftBracket, "[", false},
    Spelling{TokenKind::kRightBracket, "]", false},
    Spelling{TokenKind::kComma, ",", false},
    Spelling{TokenKind::kColon, ":", false},
    Spelling{TokenKind::kEqual, "=", false},
    Spelling{TokenKind::kAdd, "+", false},
    Spelling{TokenKind::kSub, "-", false},
    Spelling{TokenKind::kMul, "*", false},
    Spelling{TokenKind::kDiv, "/", false},
    Spelling{TokenKind::kMod, "%", false},
    Spelling{TokenKind::kPow, "^", false},
    Spelling{TokenKind::kAt, "@", false},
    Spelling{TokenKind::kEqualEqual, "==", false},
    Spelling{TokenKind::kNotEqual, "!=", false},
    Spelling{TokenKind::kLess, "<", false},
    Spelling{TokenKind::kLessEqual, "<=", false},
    Spelling{TokenKind::kGreater, ">", false},
    Spelling{TokenKind::kGreaterEqual, ">=", false},
    Spelling{TokenKind::kRegexMatch, "=~", false},
    Spelling{TokenKind::kRegexNoMatch, "!~", false},
    Spelling{TokenKind::kAnd, "and", true},
    Spelling{TokenKind::kOr, "or", true},
    Spelling{TokenKind::kUnless, "unless", true},
    Spelling{TokenKind::kAtan2, "atan2", true},
    Spelling{TokenKind::kAvg, "avg", true},
    Spelling{TokenKind::kBottomk, "bottomk", true},
    Spelling{TokenKind::kCount, "count", true},
    Spelling{TokenKind::kCountValues, "count_values", true},
    Spelling{TokenKind::kGroup, "group", true},
    Spelling{TokenKind::kLimitk, "limitk", true},
    Spelling{TokenKind::kLimitRatio, "limit_ratio", true},
    Spelling{TokenKind::kMax, "max", true},
    Spelling{TokenKind::kMin, "min", true},
    Spelling{TokenKind::kQuantile, "quantile", true},
    Spelling{TokenKind::kStddev, "stddev", true},
    Spelling{TokenKind::kStdvar, "stdvar", true},
    Spelling{TokenKind::kSum, "sum", true},
    Spelling{TokenKind::kTopk, "topk", true},
    Spelling{TokenKind::kBool, "bool", true},
    Spelling{TokenKind::kBy, "by", true},
    Spelling{TokenKind::kGroupLeft, "group_left", true},
    Spelling{TokenKind::kGroupRight, "group_right", true},
    Spelling{TokenKind::kIgnoring, "ignoring", true},
    Spelling{TokenKind::kOffset, "offset", true},
    Spelling{TokenKind::kOn, "on", true},
    Spelling{TokenKind::kWithout, "without", true},
    Spelling{TokenKind::kAnchored, "anchored", true},
    Spelling{TokenKind::kSmoothed, "smoothed", true},
    Spelling{TokenKind::kFill, "fill", true},
    Spelling{TokenKind::kFillLeft, "fill_left", true},
    Spelling{TokenKind::kFillRight, "fill_right", true},
    Spelling{TokenKind::kStart, "start", true},
    Spelling{TokenKind::kEnd, "end", true},
};

bool between(TokenKind kind, TokenKind first, TokenKind last) {
  return kind >= first && kind <= last;
}

// Text in quotes, cut after ten characters when it is longer than ten bytes.
std::string quote_briefly(std::string_view text) {
  if (text.size() <= 10) return quote(text);
  return quote(text.substr(0, bytes_of_characters(text, 10))) + "...";
}

std::string_view class_name(TokenKind kind) {
  switch (kind) {
    case TokenKind::kIdentifier:
      return "identifier";
    case TokenKind::kMetricIdentifier:
      return "metric identifier";
    case TokenKind::kNumber:
      return "number";
    case TokenKind::kDuration:
      return "duration";
    default:
      return "string";
  }
}

}  // namespace

std::string_view spelling(TokenKind kind) {
  // Duration expressions write their own min and max with the names of the aggregators.
  if (kind == TokenKind::kMinOf) return "min_of";
  if (kind == TokenKind::kMaxOf) return "max_of";
  if (kind == TokenKind::kStep) return "step";
  if (kind == TokenKind::kRange) return "range";
  for (const Spelling& s : kSpellings) {
    if (s.kind == kind) return s.text;
  }
  return {};
}

bool is_operator(TokenKind kind) { return between(kind, TokenKind::kAdd, TokenKind::kUnless); }
bool is_comparison(TokenKind kind) {
  return between(kind, TokenKind::kEqualEqual, TokenKind::kGreaterEqual);
}
bool is_set_operator(TokenKind kind) { return between(kind, TokenKind::kAnd, TokenKind::kUnless); }
bool is_aggregator(TokenKind kind) { return between(kind, TokenKind::kAvg, TokenKind::kTopk); }
bool is_keyword(TokenKind kind) { return between(kind, TokenKind::kBool, TokenKind::kFillRight); }

bool is_experimental_aggregator(TokenKind kind) {
  return kind == TokenKind::kLimitk || kind == TokenKind::kLimitRatio;
}

bool aggregator_has_parameter(TokenKind kind) {
  return kind == TokenKind::kTopk || kind == TokenKind::kBottomk ||
         kind == TokenKind::kCountValues || kind == TokenKind::kQuantile ||
         is_experimental_aggregator(kind);
}

std::string describe(const Token& token) {
  const TokenKind kind = token.kind;
  if (kind == TokenKind::kEof) return "end of input";
  if (is_keyword(kind)) return "<" + std::string(token.text) + ">";
  if (is_operator(kind)) return "<op:" + std::string(token.text) + ">";
  if (is_aggregator(kind)) return "<aggr:" + std::string(token.text) + ">";
  if (!between(kind, TokenKind::kIdentifier, TokenKind::kString)) return quote_briefly(token.text);
  const bool name = kind == TokenKind::kIdentifier || kind == TokenKind::kMetricIdentifier;
  return std::string(class_name(kind)) + " " +
         (name ? quote(token.text) : quote_briefly(token.text));
}

TokenKind keyword_kind(std::string_view word) {
  if (word == "inf" || word == "nan") return TokenKind::kNumber;
  for (const Spelling& s : kSpellings) {
    if (s.word && s.text == word) return s.kind;
  }
  return TokenKind::kIdentifier;
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

}  // namespace narthex::promql
