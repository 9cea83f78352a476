// SPDX-License-Identifier: Apache-2.0
// Binary operators with their modifiers: bool, on, ignoring, group_left, group_right, fill.
#include "promql/grammar.hpp"

namespace narthex::promql {

Expr* Grammar::binary(Expr* lhs, const Token& op) {
  BinaryModifiers modifiers;
  if (!binary_modifiers(modifiers)) return nullptr;
  Expr* rhs = nullptr;
  if (op.kind == TokenKind::kPow) {
    const Level level(*this);  // right-associative: a tower is a nesting
    rhs = level.ok ? expression(kPowerPrecedence) : nullptr;
  } else {
    rhs = expression(precedence_of(op.kind) + 1);
  }
  if (rhs == nullptr) return nullptr;
  BinaryExpr* expr = ast_->make<BinaryExpr>(op.kind, lhs, rhs);
  expr->return_bool = modifiers.return_bool;
  expr->matching = std::move(modifiers.matching);
  return nest(expr, {lhs, rhs});
}

bool Grammar::binary_modifiers(BinaryModifiers& out) {
  if (at(TokenKind::kBool)) {
    take();
    out.return_bool = true;
  }
  if (at(TokenKind::kOn) || at(TokenKind::kIgnoring)) {
    out.matching.on = take().kind == TokenKind::kOn;
    if (!grouping_labels(out.matching.labels) || !group_modifier(out)) return false;
  }
  return !failed_ && fill_modifiers(out);
}

bool Grammar::group_modifier(BinaryModifiers& out) {
  if (!at(TokenKind::kGroupLeft) && !at(TokenKind::kGroupRight)) return !failed_;
  out.matching.cardinality =
      take().kind == TokenKind::kGroupLeft ? Cardinality::kManyToOne : Cardinality::kOneToMany;
  // The list may be left out, but only where an operand follows.
  if (at(TokenKind::kLeftParen) || !starts_expression(current().kind)) {
    if (options_.fill_modifiers && current().kind >= TokenKind::kFill &&
        current().kind <= TokenKind::kFillRight) {
      return true;
    }
    return grouping_labels(out.matching.include);
  }
  return true;
}

bool Grammar::fill_modifiers(BinaryModifiers& out) {
  for (;;) {
    const TokenKind kind = current().kind;
    if (kind != TokenKind::kFill && kind != TokenKind::kFillLeft && kind != TokenKind::kFillRight) {
      return !failed_;
    }
    take();
    std::optional<double> value;
    if (!fill_value(value)) return false;
    if (kind != TokenKind::kFillRight) out.matching.fill_left = value;
    if (kind != TokenKind::kFillLeft) out.matching.fill_right = value;
  }
}

bool Grammar::fill_value(std::optional<double>& out) {
  if (!at(TokenKind::kLeftParen)) return unexpected("fill modifier", "\"(\"") != nullptr;
  take();
  double factor = 1;
  if (at(TokenKind::kSub) || at(TokenKind::kAdd)) factor = take().kind == TokenKind::kSub ? -1 : 1;
  if (!at(TokenKind::kNumber) && !at(TokenKind::kDuration)) {
    return unexpected("fill modifier", "number") != nullptr;
  }
  out = number(take());
  if (!out) return false;
  *out *= factor;
  if (!at(TokenKind::kRightParen)) return unexpected("fill modifier", "\")\"") != nullptr;
  take();
  return true;
}

}  // namespace narthex::promql
