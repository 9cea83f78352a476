// SPDX-License-Identifier: Apache-2.0
#include "promql/reference_times.hpp"

#include <algorithm>
#include <cmath>

namespace narthex::promql {

namespace {

// Far beyond any sample, and still safe to add to.
constexpr std::int64_t kFarMs = std::int64_t{1} << 61;

struct Evaluation {
  double step_s = 0;
  double range_s = 0;
  std::string error;

  double fail(const Expr& expr, std::string_view why) {
    if (error.empty()) {
      error = std::to_string(expr.position.start) + ":" + std::to_string(expr.position.end) + ": " +
              std::string(why);
    }
    return 1;
  }
  double evaluate(const Expr& expr);
  double combine(const DurationExpr& expr, double a, double b);
  std::int64_t to_ms(const DurationExpr& expr, bool may_be_negative);
};

double Evaluation::evaluate(const Expr& expr) {
  if (expr.kind == ExprKind::kNumber) return as<NumberExpr>(expr).value;
  const DurationExpr& duration = as<DurationExpr>(expr);
  if (duration.op == TokenKind::kStep) return step_s;
  if (duration.op == TokenKind::kRange) return range_s;
  const double right = evaluate(*duration.rhs);
  if (duration.lhs == nullptr) return duration.op == TokenKind::kSub ? -right : right;
  return combine(duration, evaluate(*duration.lhs), right);
}

double Evaluation::combine(const DurationExpr& expr, double a, double b) {
  switch (expr.op) {
    case TokenKind::kAdd:
      return a + b;
    case TokenKind::kSub:
      return a - b;
    case TokenKind::kMul:
      return a * b;
    case TokenKind::kDiv:
      return b != 0 ? a / b : fail(expr, "division by zero");
    case TokenKind::kMod:
      return b != 0 ? std::fmod(a, b) : fail(expr, "modulo by zero");
    case TokenKind::kPow:
      return std::pow(a, b);
    case TokenKind::kMinOf:
      return std::min(a, b);
    default:
      return std::max(a, b);
  }
}

std::int64_t Evaluation::to_ms(const DurationExpr& expr, bool may_be_negative) {
  const double seconds = evaluate(expr);
  constexpr double kLimit = 9223372036854775807.0;
  if (!may_be_negative && !(seconds > 0)) fail(expr, "duration must be greater than 0");
  if (!(std::fabs(seconds) < kLimit)) {
    fail(expr, "duration is out of range");
    return 0;
  }
  const double ms = std::trunc(seconds * 1000);
  constexpr auto kFar = static_cast<double>(kFarMs);
  return static_cast<std::int64_t>(std::clamp(ms, -kFar, kFar));
}

Evaluation evaluation_of(const RunOptions& options) {
  Evaluation out;
  out.step_s = static_cast<double>(options.step_ms) / 1000;
  out.range_s = static_cast<double>(options.end_ms - options.start_ms) / 1000;
  return out;
}

struct DurationChecker {
  Evaluation evaluation;

  void check(const DurationExpr* expr, bool may_be_negative) {
    if (expr != nullptr) evaluation.to_ms(*expr, may_be_negative);
  }
  void walk(const Expr& root) {
    const Expr* expr = nullptr;
    const auto chain = left_spine(root, expr);
    visit(*expr);
    for (const BinaryExpr* link : chain) walk(*link->rhs);
  }
  void visit(const Expr& expr);
};

void DurationChecker::visit(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return check(as<VectorSelector>(expr).shift.offset_expr, true);
    case ExprKind::kMatrixSelector:
      check(as<MatrixSelector>(expr).range_expr, false);
      return visit(*as<MatrixSelector>(expr).selector);
    case ExprKind::kSubquery:
      check(as<SubqueryExpr>(expr).range_expr, false);
      check(as<SubqueryExpr>(expr).step_expr, false);
      check(as<SubqueryExpr>(expr).shift.offset_expr, true);
      return walk(*as<SubqueryExpr>(expr).expr);
    case ExprKind::kCall:
      for (const Expr* arg : as<CallExpr>(expr).args) walk(*arg);
      return;
    case ExprKind::kAggregate:
      if (as<AggregateExpr>(expr).param != nullptr) walk(*as<AggregateExpr>(expr).param);
      return walk(*as<AggregateExpr>(expr).expr);
    case ExprKind::kUnary:
      return walk(*as<UnaryExpr>(expr).expr);
    case ExprKind::kParen:
      return walk(*as<ParenExpr>(expr).expr);
    default:
      return;
  }
}

}  // namespace

ReferenceTimes::ReferenceTimes(const Context& context, const TimeShift& shift, const Grid& steps)
    : grid(steps), fixed(shift.fixed()) {
  offset_ms =
      shift.offset_expr != nullptr ? duration_ms(context, *shift.offset_expr) : shift.offset_ms;
  if (shift.at_ms) fixed_ms = std::clamp(*shift.at_ms, -kFarMs, kFarMs);
  if (shift.at_word == TokenKind::kStart) fixed_ms = context.grid.start_ms;
  if (shift.at_word == TokenKind::kEnd) {
    fixed_ms = context.options.instant() ? context.grid.start_ms : context.options.end_ms;
  }
}

std::int64_t duration_ms(const Context& context, const DurationExpr& expr) {
  return evaluation_of(context.options).to_ms(expr, true);
}

std::int64_t range_of(const Context& context, const MatrixSelector& matrix) {
  return matrix.range_expr != nullptr ? duration_ms(context, *matrix.range_expr) : matrix.range_ms;
}

QueryError check_durations(const Expr& root, const RunOptions& options) {
  DurationChecker checker{evaluation_of(options)};
  checker.walk(root);
  if (checker.evaluation.error.empty()) return {};
  return {ErrorKind::kBadData, std::move(checker.evaluation.error)};
}

}  // namespace narthex::promql
