// SPDX-License-Identifier: Apache-2.0
#include "tests/support/slow_evaluator.hpp"

#include "promql/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace narthex::test {

using namespace promql;

namespace {

constexpr std::int64_t kLookbackMs = 300'000;
constexpr std::int64_t kSubqueryStepMs = 60'000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool matches(const Labels& labels, const std::vector<LabelMatcher>& matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
    return matcher.matches(labels.get(matcher.name));
  });
}

double aggregate_values(TokenKind op, const std::vector<double>& values, double parameter) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double v : values) sum += v;
  double squares = 0;
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  switch (op) {
    case TokenKind::kSum:
      return sum;
    case TokenKind::kAvg:
      return sum / n;
    case TokenKind::kCount:
      return n;
    case TokenKind::kGroup:
      return 1;
    case TokenKind::kMin:
      return *std::min_element(values.begin(), values.end());
    case TokenKind::kMax:
      return *std::max_element(values.begin(), values.end());
    case TokenKind::kStdvar:
      return squares / n;
    case TokenKind::kStddev:
      return std::sqrt(squares / n);
    case TokenKind::kQuantile:
      return slow_quantile(parameter, values);
    default:
      throw std::logic_error("an aggregation the slow evaluator does not know");
  }
}

}  // namespace

void insert_unique(SlowVector& out, Labels labels, double v) {
  if (!out.emplace(std::move(labels), v).second) throw QueryFailure("same labels twice");
}

Labels without_name(Labels labels) {
  labels.set(kMetricName, "");
  return labels;
}

std::int64_t SlowEvaluator::shifted(const TimeShift& shift, std::int64_t t_ms) const {
  if (shift.at_ms) t_ms = *shift.at_ms;
  if (shift.at_word == TokenKind::kStart) t_ms = start_ms_;
  if (shift.at_word == TokenKind::kEnd) t_ms = end_ms_;
  return t_ms - shift.offset_ms;
}

SlowVector SlowEvaluator::select(const VectorSelector& selector, std::int64_t t_ms) const {
  const std::int64_t at = shifted(selector.shift, t_ms);
  SlowVector out;
  for (const auto& [labels, points] : data_) {
    if (!matches(labels, selector.matchers)) continue;
    const Point* newest = nullptr;
    for (const Point& point : points) {
      if (point.t_ms <= at) newest = &point;
    }
    if (newest == nullptr || newest->t_ms <= at - kLookbackMs || is_stale(newest->v)) continue;
    out[labels] = newest->v;
  }
  return out;
}

SlowMatrix SlowEvaluator::subquery(const SubqueryExpr& expr, std::int64_t end_ms) const {
  const std::int64_t step_ms = expr.step_ms > 0 ? expr.step_ms : kSubqueryStepMs;
  SlowMatrix out;
  for (std::int64_t t = 0; t <= end_ms; t += step_ms) {
    if (t <= end_ms - expr.range_ms) continue;
    for (const auto& [labels, v] : vector(*expr.expr, t)) out[labels].push_back({t, v});
  }
  return out;
}

SlowVector SlowEvaluator::over_windows(const CallExpr& call, const Expr& range,
                                       std::int64_t t_ms) const {
  SlowMatrix windows;
  std::int64_t end_ms = 0;
  std::int64_t range_ms = 0;
  if (range.kind == ExprKind::kSubquery) {
    end_ms = shifted(as<SubqueryExpr>(range).shift, t_ms);
    range_ms = as<SubqueryExpr>(range).range_ms;
    windows = subquery(as<SubqueryExpr>(range), end_ms);
  } else {
    const MatrixSelector& matrix = as<MatrixSelector>(range);
    end_ms = shifted(matrix.selector->shift, t_ms);
    range_ms = matrix.range_ms;
    for (const auto& [labels, points] : data_) {
      if (!matches(labels, matrix.selector->matchers)) continue;
      for (const Point& point : points) {
        const bool inside = point.t_ms > end_ms - range_ms && point.t_ms <= end_ms;
        if (inside && !is_stale(point.v)) windows[labels].push_back(point);
      }
    }
  }
  const std::string& name = call.function->signature.name;
  const double parameter = name == "quantile_over_time" ? scalar(*call.args[0], t_ms) : 0;
  SlowVector out;
  for (const auto& [labels, points] : windows) {
    double v = 0;
    if (!slow_window_function(name, {points, end_ms - range_ms, end_ms}, parameter, v)) continue;
    insert_unique(out, name == "last_over_time" ? labels : without_name(labels), v);
  }
  return out;
}

SlowVector SlowEvaluator::call(const CallExpr& call, std::int64_t t_ms) const {
  for (const Expr* arg : call.args) {
    if (arg->type == ValueType::kMatrix) return over_windows(call, unwrap(*arg), t_ms);
  }
  const std::string& name = call.function->signature.name;
  SlowVector out;
  if (name == "vector") {
    out[Labels()] = scalar(*call.args[0], t_ms);
    return out;
  }
  for (const auto& [labels, v] : vector(*call.args[0], t_ms)) {
    double result = v;
    if (name == "abs") {
      result = std::fabs(v);
    } else if (name == "clamp_max") {
      result = std::min(v, scalar(*call.args[1], t_ms));
    } else if (name == "sgn") {
      result = v > 0 ? 1 : v < 0 ? -1 : v;
    } else {
      throw std::logic_error("a function the slow evaluator does not know: " + name);
    }
    insert_unique(out, without_name(labels), result);
  }
  return out;
}

SlowVector SlowEvaluator::aggregate(const AggregateExpr& expr, std::int64_t t_ms) const {
  const double parameter = expr.param != nullptr ? scalar(*expr.param, t_ms) : 0;
  std::map<Labels, std::vector<double>> groups;
  for (const auto& [labels, v] : vector(*expr.expr, t_ms)) {
    Labels key;
    if (expr.without) {
      key = without_name(labels);
      for (const std::string& name : expr.grouping) key.set(name, "");
    } else {
      for (const std::string& name : expr.grouping) key.set(name, labels.get(name));
    }
    groups[key].push_back(v);
  }
  SlowVector out;
  for (const auto& [key, values] : groups) out[key] = aggregate_values(expr.op, values, parameter);
  return out;
}

SlowVector SlowEvaluator::binary(const BinaryExpr& expr, std::int64_t t_ms) const {
  const bool left = expr.lhs->type == ValueType::kVector;
  const bool right = expr.rhs->type == ValueType::kVector;
  if (left && right) return slow_binary(expr, vector(*expr.lhs, t_ms), vector(*expr.rhs, t_ms));
  const double number = scalar(left ? *expr.rhs : *expr.lhs, t_ms);
  SlowVector out;
  for (const auto& [labels, v] : vector(left ? *expr.lhs : *expr.rhs, t_ms)) {
    bool kept = true;
    double result =
        left ? slow_operator(expr.op, v, number, kept) : slow_operator(expr.op, number, v, kept);
    const bool filters = is_comparison(expr.op) && !expr.return_bool;
    if (filters && !kept) continue;
    if (filters) result = v;
    if (expr.return_bool) result = kept ? 1 : 0;
    insert_unique(out, filters ? labels : without_name(labels), result);
  }
  return out;
}

SlowVector SlowEvaluator::vector(const Expr& root, std::int64_t t_ms) const {
  const Expr& expr = unwrap(root);
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return select(as<VectorSelector>(expr), t_ms);
    case ExprKind::kCall:
      return call(as<CallExpr>(expr), t_ms);
    case ExprKind::kAggregate:
      return aggregate(as<AggregateExpr>(expr), t_ms);
    case ExprKind::kBinary:
      return binary(as<BinaryExpr>(expr), t_ms);
    case ExprKind::kUnary: {
      SlowVector out;
      for (const auto& [labels, v] : vector(*as<UnaryExpr>(expr).expr, t_ms)) {
        insert_unique(out, without_name(labels), -v);
      }
      return out;
    }
    default:
      throw std::logic_error("an expression the slow evaluator does not know");
  }
}

double SlowEvaluator::scalar(const Expr& root, std::int64_t t_ms) const {
  const Expr& expr = unwrap(root);
  if (expr.kind == ExprKind::kNumber) return as<NumberExpr>(expr).value;
  if (expr.kind == ExprKind::kUnary) return -scalar(*as<UnaryExpr>(expr).expr, t_ms);
  if (expr.kind == ExprKind::kBinary) {
    const BinaryExpr& binary = as<BinaryExpr>(expr);
    bool kept = true;
    return slow_operator(binary.op, scalar(*binary.lhs, t_ms), scalar(*binary.rhs, t_ms), kept);
  }
  const CallExpr& call = as<CallExpr>(expr);
  if (call.function->signature.name == "time") return static_cast<double>(t_ms) / 1000;
  if (call.function->signature.name != "scalar") {
    throw std::logic_error("a scalar function the slow evaluator does not know");
  }
  const SlowVector of = vector(*call.args[0], t_ms);
  return of.size() == 1 ? of.begin()->second : kNan;
}

}  // namespace narthex::test
