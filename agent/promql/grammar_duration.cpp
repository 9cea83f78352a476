// SPDX-License-Identifier: Apache-2.0
// Durations: one number, or arithmetic on them where that feature is on.
//
// These methods leave it to their callers to say what was expected: null means that the current
// token does not fit, unless an error is set already.
#include "promql/grammar.hpp"

#include <cmath>

namespace narthex::promql {

namespace {

// What a 64-bit count of nanoseconds holds, in seconds.
constexpr double kMaxSeconds = 9223372036.854775807;

int duration_precedence(TokenKind kind) {
  const int precedence = precedence_of(kind);
  return precedence >= 4 && kind != TokenKind::kAtan2 ? precedence : 0;
}

}  // namespace

bool Grammar::need_duration_expressions(const Expr& expr) {
  if (options_.duration_expressions) return true;
  fail(expr.position, "experimental duration expression is not enabled");
  return false;
}

bool Grammar::check_duration_range(const NumberExpr& number, Position where) {
  if (!(number.value > kMaxSeconds) && !(number.value < -kMaxSeconds)) return true;
  fail(where, "duration out of range");
  return false;
}

Expr* Grammar::positive_duration() {
  Expr* expr = duration(1);
  if (expr == nullptr || expr->kind != ExprKind::kNumber) return expr;
  if (as<NumberExpr>(*expr).value <= 0) {
    return fail(expr->position, "duration must be greater than 0");
  }
  return expr;
}

// Without parentheses an offset is a single number: `foo offset 1m + 2` adds 2 to foo.
Expr* Grammar::offset_duration() {
  std::optional<Token> sign;
  if (at(TokenKind::kAdd) || at(TokenKind::kSub)) sign = take();
  if (!at(TokenKind::kNumber) && !at(TokenKind::kDuration)) {
    Expr* rest = sign ? duration(kPowerPrecedence) : duration(1);
    return rest != nullptr && sign ? signed_duration(*sign, rest) : rest;
  }
  Expr* expr = number_literal();
  if (expr == nullptr) return nullptr;
  if (sign) return signed_duration(*sign, expr);
  return check_duration_range(as<NumberExpr>(*expr), expr->position) ? expr : nullptr;
}

Expr* Grammar::duration(int min_precedence) {
  Expr* lhs = duration_operand();
  while (lhs != nullptr && check_size()) {
    const int precedence = duration_precedence(current().kind);
    if (failed_) return nullptr;
    if (precedence == 0 || precedence < min_precedence) return lhs;
    const Token op = take();
    const bool right = op.kind == TokenKind::kPow;
    const Level level(*this);
    if (!level.ok) return nullptr;
    Expr* rhs = duration(right ? precedence : precedence + 1);
    if (rhs == nullptr || !need_duration_expressions(*lhs)) return nullptr;
    const bool zero = rhs->kind == ExprKind::kNumber && as<NumberExpr>(*rhs).value == 0;
    if (zero && op.kind == TokenKind::kDiv) return fail(op.position, "division by zero");
    if (zero && op.kind == TokenKind::kMod) return fail(op.position, "modulo by zero");
    lhs = nest(ast_->make<DurationExpr>(op.kind, lhs, rhs,
                                        Position{lhs->position.start, rhs->position.end}),
               {lhs, rhs});
  }
  return nullptr;
}

Expr* Grammar::duration_operand() {
  switch (current().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration: {
      Expr* expr = number_literal();
      if (expr == nullptr) return nullptr;
      return check_duration_range(as<NumberExpr>(*expr), expr->position) ? expr : nullptr;
    }
    case TokenKind::kAdd:
    case TokenKind::kSub: {
      const Level level(*this);
      if (!level.ok) return nullptr;
      const Token sign = take();
      Expr* of = duration(kPowerPrecedence);
      return of != nullptr ? signed_duration(sign, of) : nullptr;
    }
    case TokenKind::kLeftParen: {
      const Level level(*this);
      if (!level.ok) return nullptr;
      take();
      Expr* inner = duration(1);
      if (inner == nullptr || !at(TokenKind::kRightParen)) return nullptr;
      take();
      if (!need_duration_expressions(*inner)) return nullptr;
      if (inner->kind == ExprKind::kDuration) as<DurationExpr>(*inner).in_parentheses = true;
      return inner;
    }
    default:
      return duration_word();
  }
}

Expr* Grammar::signed_duration(const Token& sign, Expr* of) {
  if (of->kind == ExprKind::kDuration) {
    if (sign.kind == TokenKind::kAdd) return of;
    return nest(ast_->make<DurationExpr>(TokenKind::kSub, nullptr, of,
                                         Position{sign.position.start, of->position.end}),
                {of});
  }
  NumberExpr& number = as<NumberExpr>(*of);
  if (sign.kind == TokenKind::kSub) number.value *= -1;
  if (!check_duration_range(number, sign.position)) return nullptr;
  number.position.start = sign.position.start;
  return of;
}

// step(), range(), min_of(a, b), max_of(a, b)
Expr* Grammar::duration_word() {
  const TokenKind kind = current().kind;
  if (kind == TokenKind::kMinOf || kind == TokenKind::kMaxOf) return duration_pair(take());
  if (kind != TokenKind::kStep && kind != TokenKind::kRange) return nullptr;
  const Token word = take();
  if (!at(TokenKind::kLeftParen)) return nullptr;
  take();
  if (!at(TokenKind::kRightParen)) return nullptr;
  const Token close = take();
  return ast_->make<DurationExpr>(kind, nullptr, nullptr,
                                  Position{word.position.start, close.position.end});
}

Expr* Grammar::duration_pair(const Token& word) {
  const Level level(*this);
  if (!level.ok || !at(TokenKind::kLeftParen)) return nullptr;
  take();
  Expr* first = duration(1);
  if (first == nullptr || !at(TokenKind::kComma)) return nullptr;
  take();
  Expr* second = duration(1);
  if (second == nullptr || !at(TokenKind::kRightParen)) return nullptr;
  const Token close = take();
  return nest(ast_->make<DurationExpr>(word.kind, first, second,
                                       Position{word.position.start, close.position.end}),
              {first, second});
}

}  // namespace narthex::promql
