// SPDX-License-Identifier: Apache-2.0
#include "promql/builder.hpp"

#include "promql/arithmetic.hpp"
#include "promql/reference_times.hpp"

#include <algorithm>
#include <limits>

namespace narthex::promql {

namespace {

// Streams call each other: after so many links a chain is computed and goes on from its result.
constexpr std::size_t kChainLinks = 64;

// A subquery may not have more steps; every step costs memory before it holds a sample.
constexpr std::int64_t kMaxSubquerySteps = 1 << 23;

}  // namespace

StreamPtr Builder::vector(const Expr& root, const Grid& grid) {
  if (context_.stop()) return nullptr;
  const Expr& expr = unwrap(root);
  if (!context_.plan) return vector_of(expr, grid);
  return context_.plan->record(expr, [&] { return vector_of(expr, grid); });
}

StreamPtr Builder::vector_of(const Expr& expr, const Grid& grid) {
  if (grid.count == 1 || !invariance_.is_invariant(expr)) return vector_once(expr, grid);
  StreamPtr once = vector_once(expr, {grid.start_ms, 1, 1});
  return once != nullptr ? broadcast(context_, std::move(once), grid) : nullptr;
}

StreamPtr Builder::vector_once(const Expr& expr, const Grid& grid) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return selector(as<VectorSelector>(expr), grid);
    case ExprKind::kCall:
      return call(as<CallExpr>(expr), grid);
    case ExprKind::kAggregate:
      return aggregate(as<AggregateExpr>(expr), grid);
    case ExprKind::kBinary:
      return chain(as<BinaryExpr>(expr), grid);
    default:
      return unary(as<UnaryExpr>(expr), grid);
  }
}

StreamPtr Builder::selector(const VectorSelector& expr, const Grid& grid) {
  if (expr.mode == RangeMode::kSmoothed) return select_smoothed(context_, expr, grid);
  if (expr.mode == RangeMode::kAnchored) {
    context_.fail(ErrorKind::kExecution, "anchored modifier can only be used with range vectors");
    return nullptr;
  }
  return select_instant(context_, expr, grid, SelectValue::kValue);
}

StreamPtr Builder::unary(const UnaryExpr& expr, const Grid& grid) {
  StreamPtr of = vector(*expr.expr, grid);
  if (of == nullptr || expr.op == TokenKind::kAdd) return of;
  return drop_names(context_, negate(context_, std::move(of)), names_may_differ(*expr.expr),
                    Collision::kRefuse);
}

StreamPtr Builder::aggregate(const AggregateExpr& expr, const Grid& grid) {
  StreamPtr of = vector(*expr.expr, grid);
  if (of == nullptr) return nullptr;
  if (expr.op == TokenKind::kCountValues) {
    return count_values(context_, expr, std::move(of), as<StringExpr>(unwrap(*expr.param)).value);
  }
  if (expr.param == nullptr) return fold(context_, expr, std::move(of));
  ScalarColumn param;
  if (!scalar(*expr.param, grid, param)) return nullptr;
  return expr.op == TokenKind::kQuantile ? quantile(context_, expr, std::move(of), std::move(param))
                                         : rank(context_, expr, std::move(of), std::move(param));
}

// ---- binary operators ----

bool Builder::operand(const Expr& expr, const Grid& grid, Operand& out) {
  if (expr.type == ValueType::kScalar) return scalar(expr, grid, out.scalar);
  out.stream = vector(expr, grid);
  return out.stream != nullptr;
}

bool Builder::combine(const BinaryExpr& expr, const Grid& grid, Operand& lhs) {
  Operand rhs;
  if (!operand(*expr.rhs, grid, rhs)) return false;
  if (lhs.stream == nullptr && rhs.stream == nullptr) {
    for (std::uint32_t i = 0; i < grid.count; ++i) {
      lhs.scalar[i] = scalar_scalar(expr.op, lhs.scalar[i], rhs.scalar[i]);
    }
    return true;
  }
  if (lhs.stream != nullptr && rhs.stream != nullptr) {
    lhs.stream = is_set_operator(expr.op)
                     ? set_operation(context_, expr, std::move(lhs.stream), std::move(rhs.stream))
                     : vector_vector(context_, expr, std::move(lhs.stream), std::move(rhs.stream));
    return true;
  }
  const bool scalar_left = lhs.stream == nullptr;
  const Expr& vector_side = scalar_left ? *expr.rhs : *expr.lhs;
  lhs.stream = vector_scalar(context_, expr, std::move(scalar_left ? rhs.stream : lhs.stream),
                             std::move(scalar_left ? lhs.scalar : rhs.scalar), scalar_left);
  if (changes_meaning(expr.op) || expr.return_bool) {
    lhs.stream = drop_names(context_, std::move(lhs.stream), names_may_differ(vector_side),
                            Collision::kMerge);
  }
  return true;
}

StreamPtr Builder::chain(const BinaryExpr& expr, const Grid& grid) {
  const Expr* first = nullptr;
  const auto links = left_spine(expr, first);
  Operand lhs;
  if (!operand(*first, grid, lhs)) return nullptr;
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (context_.stop() || !combine(*links[i], grid, lhs)) return nullptr;
    if (i % kChainLinks != kChainLinks - 1 || lhs.stream == nullptr) continue;
    Held held(context_);
    if (!drain(context_, *lhs.stream, held)) return nullptr;
    lhs.stream = materialized(context_, std::move(held));
  }
  return std::move(lhs.stream);
}

// ---- scalars ----

bool Builder::scalar(const Expr& root, const Grid& grid, ScalarColumn& out) {
  const Expr& expr = unwrap(root);
  switch (expr.kind) {
    case ExprKind::kNumber:
      out.assign(grid.count, as<NumberExpr>(expr).value);
      return true;
    case ExprKind::kUnary: {
      const UnaryExpr& unary = as<UnaryExpr>(expr);
      if (!scalar(*unary.expr, grid, out)) return false;
      if (unary.op == TokenKind::kSub) {
        for (double& v : out) v = -v;
      }
      return true;
    }
    case ExprKind::kBinary: {
      const Expr* first = nullptr;
      const auto links = left_spine(expr, first);
      Operand lhs;
      if (!operand(*first, grid, lhs)) return false;
      for (const BinaryExpr* link : links) {
        if (!combine(*link, grid, lhs)) return false;
      }
      out = std::move(lhs.scalar);
      return !context_.stop();
    }
    default:
      return scalar_call(as<CallExpr>(expr), grid, out);
  }
}

bool Builder::scalar_call(const CallExpr& call, const Grid& grid, ScalarColumn& out) {
  if (call.function->built_in) return context_scalar(call, grid, out);
  CallArguments args;
  if (!need_kernel(call) || !arguments(call, grid, args)) return false;
  if (call.function->kernel->kind == NX_FN_SCALAR) {
    return call_scalar(context_, call, grid, std::move(args), out);
  }
  Batch batch;
  if (!call_matrix(context_, call, grid, std::move(args), batch)) return false;
  out.assign(grid.count, std::numeric_limits<double>::quiet_NaN());
  for (std::uint32_t i = 0; i < grid.count && batch.series_count() > 0; ++i) {
    if (batch.present[i] != 0) out[i] = batch.v[i];
  }
  return true;
}

// ---- range vectors ----

RangePtr Builder::range(const Expr& root, const Grid& grid) {
  const Expr& expr = unwrap(root);
  if (!context_.plan) return range_of(expr, grid);
  return context_.plan->record(expr, [&] { return range_of(expr, grid); });
}

RangePtr Builder::range_of(const Expr& expr, const Grid& grid) {
  if (expr.kind == ExprKind::kSubquery) return subquery(as<SubqueryExpr>(expr), grid);
  return select_range(context_, as<MatrixSelector>(expr), grid);
}

// The inner steps are multiples of the step, whatever the outer ones are.
bool Builder::inner_grid(const SubqueryExpr& expr, const Grid& grid, Grid& out) {
  const ReferenceTimes reference(context_, expr.shift, grid);
  const std::int64_t range_ms =
      expr.range_expr != nullptr ? duration_ms(context_, *expr.range_expr) : expr.range_ms;
  std::int64_t step_ms = expr.step_ms;
  if (expr.step_expr != nullptr) step_ms = duration_ms(context_, *expr.step_expr);
  out.step_ms =
      step_ms > 0 ? step_ms : std::max<std::int64_t>(context_.options.subquery_step_ms, 1);
  const std::int64_t before = reference.first() - range_ms;
  out.start_ms = before / out.step_ms * out.step_ms;
  if (out.start_ms <= before) out.start_ms += out.step_ms;
  const std::int64_t last = reference.last();
  const std::int64_t count = last < out.start_ms ? 0 : (last - out.start_ms) / out.step_ms + 1;
  if (count > kMaxSubquerySteps) {
    return context_.refuse_for_size();
  }
  out.count = static_cast<std::uint32_t>(count);
  return true;
}

RangePtr Builder::subquery(const SubqueryExpr& expr, const Grid& grid) {
  Grid inner;
  if (!inner_grid(expr, grid, inner)) return nullptr;
  Held held(context_);
  const Context::InnerReads reads(context_);
  if (inner.count > 0) {
    const StreamPtr stream = vector(*expr.expr, inner);
    if (stream == nullptr || !drain(context_, *stream, held)) return nullptr;
  } else {
    inner.count = 1;
  }
  const std::int64_t range_ms =
      expr.range_expr != nullptr ? duration_ms(context_, *expr.range_expr) : expr.range_ms;
  return windows_over(context_, std::move(held), inner,
                      ReferenceTimes(context_, expr.shift, grid).times(), range_ms);
}

}  // namespace narthex::promql
