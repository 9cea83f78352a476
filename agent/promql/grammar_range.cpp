// SPDX-License-Identifier: Apache-2.0
// What stands behind an operand: [range], [range:step], offset, @, anchored, smoothed.
#include "promql/grammar.hpp"
#include "promql/numbers.hpp"

#include <cmath>
#include <limits>

namespace narthex::promql {

namespace {

constexpr std::string_view kDuration = "number or duration";

// A duration in seconds, cut to milliseconds as the reference cuts it. NaN, which only an offset
// can be, is its lowest number of nanoseconds.
std::int64_t to_ms(const Expr& duration) {
  constexpr std::int64_t kLowestMs = std::numeric_limits<std::int64_t>::min() / 1'000'000;
  const double seconds = as<NumberExpr>(duration).value;
  return std::isnan(seconds) ? kLowestMs : static_cast<std::int64_t>(seconds * 1000);
}

}  // namespace

Expr* Grammar::brackets(Expr* expr) {
  const Token open = take();
  Expr* range = positive_duration();
  if (range == nullptr) return unexpected("subquery selector", kDuration);
  if (at(TokenKind::kRightBracket)) return matrix_selector(expr, open, range);
  if (at(TokenKind::kColon)) return subquery(expr, range);
  return unexpected("subquery or range", "\":\" or \"]\"");
}

Expr* Grammar::matrix_selector(Expr* expr, const Token& open, Expr* range) {
  const Token close = take();
  const Position brackets{open.position.start, close.position.end};
  if (expr->kind != ExprKind::kVectorSelector) {
    return fail(brackets, "ranges only allowed for vector selectors");
  }
  VectorSelector& selector = as<VectorSelector>(*expr);
  if (selector.shift.offset_ms != 0) {
    return fail(brackets, "no offset modifiers allowed before range");
  }
  if (selector.shift.at_ms) return fail(brackets, "no @ modifiers allowed before range");
  MatrixSelector* matrix =
      ast_->make<MatrixSelector>(&selector, Position{selector.position.start, close.position.end});
  if (range->kind == ExprKind::kNumber) {
    matrix->range_ms = to_ms(*range);
  } else {
    matrix->range_expr = &as<DurationExpr>(*range);
  }
  return nest(matrix, {expr});
}

Expr* Grammar::subquery(Expr* expr, Expr* range) {
  take();
  Expr* step = nullptr;
  if (!at(TokenKind::kRightBracket)) {
    step = positive_duration();
    if (step == nullptr) return unexpected("subquery selector", "number or duration or \"]\"");
    if (!at(TokenKind::kRightBracket)) return unexpected("subquery selector", "\"]\"");
  }
  const Token close = take();
  SubqueryExpr* subquery =
      ast_->make<SubqueryExpr>(expr, Position{expr->position.start, close.position.end});
  if (range->kind == ExprKind::kNumber) {
    subquery->range_ms = to_ms(*range);
  } else {
    subquery->range_expr = &as<DurationExpr>(*range);
  }
  if (step != nullptr && step->kind == ExprKind::kNumber) {
    subquery->step_ms = to_ms(*step);
  } else if (step != nullptr) {
    subquery->step_expr = &as<DurationExpr>(*step);
  }
  return nest(subquery, {expr});
}

// The shift of what may have one; an error that names the modifier where nothing may.
TimeShift* Grammar::shift_of(Expr& expr, std::string_view modifier) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return &as<VectorSelector>(expr).shift;
    case ExprKind::kMatrixSelector:
      return &as<MatrixSelector>(expr).selector->shift;
    case ExprKind::kSubquery:
      return &as<SubqueryExpr>(expr).shift;
    default:
      return fail(expr.position,
                  std::string(modifier) +
                      " modifier must be preceded by an instant vector selector or range vector "
                      "selector or a subquery");
  }
}

Expr* Grammar::offset(Expr* expr) {
  take();
  Expr* by = offset_duration();
  if (by == nullptr) return unexpected("offset", kDuration);
  TimeShift* shift = shift_of(*expr, "offset");
  if (shift == nullptr) return nullptr;
  if (shift->offset_ms != 0 || shift->offset_expr != nullptr) {
    return fail(expr->position, "offset may not be set multiple times");
  }
  if (by->kind == ExprKind::kNumber) {
    shift->offset_ms = to_ms(*by);
  } else {
    shift->offset_expr = &as<DurationExpr>(*by);
  }
  expr->position.end = by->position.end;
  return expr;
}

Expr* Grammar::at_modifier(Expr* expr) {
  take();
  TimeShift shift;
  if (!read_timestamp(*expr, shift)) return unexpected("@", "timestamp");
  TimeShift* target = shift_of(*expr, "@");
  if (target == nullptr) return nullptr;
  if (target->fixed()) {
    return fail(expr->position, "@ <timestamp> may not be set multiple times");
  }
  target->at_ms = shift.at_ms;
  target->at_word = shift.at_word;
  return expr;
}

// `12.5`, `-3`, `start()`, `end()`. False: the current token does not fit, or an error is set.
bool Grammar::read_timestamp(Expr& expr, TimeShift& shift) {
  if (at(TokenKind::kStart) || at(TokenKind::kEnd)) {
    shift.at_word = take().kind;
    if (!at(TokenKind::kLeftParen)) return false;
    take();
    if (!at(TokenKind::kRightParen)) return false;
    expr.position.end = take().position.end;
    return true;
  }
  double factor = 1;
  if (at(TokenKind::kAdd) || at(TokenKind::kSub)) factor = take().kind == TokenKind::kSub ? -1 : 1;
  if (!at(TokenKind::kNumber) && !at(TokenKind::kDuration)) return false;
  const Token token = take();
  const std::optional<double> value = number(token);
  if (!value) return false;
  if (!finish_timestamp(expr, shift, *value * factor)) return false;
  expr.position.end = token.position.end;
  return true;
}

bool Grammar::finish_timestamp(Expr& expr, TimeShift& shift, double seconds) {
  if (!(std::fabs(seconds) < 9223372036854775807.0)) {
    fail(expr.position, "timestamp out of bounds for @ modifier: " + format_fixed(seconds, 6));
    return false;
  }
  const double ms = std::round(seconds * 1000);
  // Beyond what milliseconds can say: the far end of time is as good.
  constexpr double kLimit = 9.2e18;
  shift.at_ms = static_cast<std::int64_t>(std::fmax(std::fmin(ms, kLimit), -kLimit));
  return true;
}

Expr* Grammar::range_mode(Expr* expr) {
  const bool anchored = take().kind == TokenKind::kAnchored;
  const std::string word = anchored ? "anchored" : "smoothed";
  VectorSelector* selector = nullptr;
  if (expr->kind == ExprKind::kVectorSelector) selector = &as<VectorSelector>(*expr);
  if (expr->kind == ExprKind::kMatrixSelector) selector = as<MatrixSelector>(*expr).selector;
  if (selector == nullptr) {
    return fail(expr->position, expr->kind == ExprKind::kSubquery
                                    ? word + " modifier is not supported for subqueries"
                                    : word + " modifier not implemented");
  }
  const RangeMode mode = anchored ? RangeMode::kAnchored : RangeMode::kSmoothed;
  if (selector->mode != RangeMode::kPlain && selector->mode != mode) {
    return fail(expr->position, "anchored and smoothed modifiers cannot be used together");
  }
  selector->mode = mode;
  return expr;
}

}  // namespace narthex::promql
