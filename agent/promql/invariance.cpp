// SPDX-License-Identifier: Apache-2.0
#include "promql/invariance.hpp"

#include "promql/arithmetic.hpp"

#include <narthex/sdk/labels.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace narthex::promql {

namespace {

// Functions whose result depends on when they are evaluated, whatever they are given.
constexpr std::array<std::string_view, 11> kTimeDependent = {
    "day_of_month", "day_of_week", "day_of_year",    "days_in_month", "hour",     "minute",
    "month",        "year",        "predict_linear", "time",          "timestamp"};

// Of functions that are not Prometheus's nothing is known.
bool depends_on_time(const FunctionEntry& function) {
  return !function.standard || std::find(kTimeDependent.begin(), kTimeDependent.end(),
                                         function.signature.name) != kTimeDependent.end();
}

bool pins_name(const VectorSelector& selector) {
  return std::any_of(selector.matchers.begin(), selector.matchers.end(), [](const auto& m) {
    return m.op == NX_MATCH_EQ && m.name == kMetricName && !m.value.empty();
  });
}

bool call_keeps_names(const CallExpr& call) {
  const nx_function* kernel = call.function->kernel;
  return kernel == nullptr || kernel->kind == NX_FN_MATRIX ||
         (kernel->flags & NX_FN_KEEP_NAME) != 0;
}

}  // namespace

bool Invariance::note(const Expr& expr, bool invariant) {
  if (invariant) invariant_.insert(&expr);
  return invariant;
}

bool Invariance::walk(const Expr& root) {
  const Expr* first = nullptr;
  const auto chain = left_spine(root, first);
  bool invariant = visit(*first);
  for (const BinaryExpr* link : chain) {
    const bool right = walk(*link->rhs);
    invariant = note(*link, invariant && right);
  }
  return invariant;
}

bool Invariance::visit(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return note(expr, as<VectorSelector>(expr).shift.fixed());
    case ExprKind::kMatrixSelector:
      return note(expr, as<MatrixSelector>(expr).selector->shift.fixed());
    case ExprKind::kSubquery:
      walk(*as<SubqueryExpr>(expr).expr);
      return note(expr, as<SubqueryExpr>(expr).shift.fixed());
    case ExprKind::kCall:
      return visit_call(as<CallExpr>(expr));
    case ExprKind::kAggregate: {
      const AggregateExpr& aggregate = as<AggregateExpr>(expr);
      const bool param = aggregate.param == nullptr || walk(*aggregate.param);
      return note(expr, walk(*aggregate.expr) && param);
    }
    case ExprKind::kUnary:
      return note(expr, walk(*as<UnaryExpr>(expr).expr));
    case ExprKind::kParen:
      return note(expr, walk(*as<ParenExpr>(expr).expr));
    default:
      return note(expr, true);
  }
}

bool Invariance::visit_call(const CallExpr& call) {
  bool invariant = !depends_on_time(*call.function);
  for (const Expr* arg : call.args) invariant = walk(*arg) && invariant;
  return note(call, invariant);
}

bool names_may_differ(const Expr& root) {
  const Expr& expr = unwrap(root);
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return !pins_name(as<VectorSelector>(expr));
    case ExprKind::kMatrixSelector:
      return !pins_name(*as<MatrixSelector>(expr).selector);
    case ExprKind::kSubquery:
      return names_may_differ(*as<SubqueryExpr>(expr).expr);
    case ExprKind::kAggregate:
      return true;  // topk keeps names, by (__name__) does
    case ExprKind::kBinary:
      return !changes_meaning(as<BinaryExpr>(expr).op);
    case ExprKind::kCall:
      return call_keeps_names(as<CallExpr>(expr));
    case ExprKind::kUnary:
      return as<UnaryExpr>(expr).op == TokenKind::kAdd &&
             names_may_differ(*as<UnaryExpr>(expr).expr);
    default:
      return false;
  }
}

}  // namespace narthex::promql
