// SPDX-License-Identifier: Apache-2.0
// slow_evaluator.hpp - the slow twin of the query engine: an expression, evaluated step by step
// over maps, as the language's documentation tells it. Floats only; what it does not know it
// refuses to evaluate by throwing std::logic_error, so a test cannot pass by accident.
#pragma once

#include "promql/ast.hpp"
#include "tests/support/memory_source.hpp"

#include <narthex/sdk/labels.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace narthex::test {

// What the query answers with an error.
struct QueryFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Point {
  std::int64_t t_ms = 0;
  double v = 0;
};
using Points = std::vector<Point>;
using SlowVector = std::map<Labels, double>;
using SlowMatrix = std::map<Labels, Points>;
using SlowData = std::map<Labels, Points>;  // staleness markers among them

// Inserts; equal labels are a failure of the query.
void insert_unique(SlowVector& out, Labels labels, double v);
Labels without_name(Labels labels);

// rate(), avg_over_time() and their like over one window: (start_ms, end_ms]. False: no value.
struct SlowWindow {
  const Points& points;  // never empty
  std::int64_t start_ms;
  std::int64_t end_ms;
};
bool slow_window_function(const std::string& name, const SlowWindow& window, double parameter,
                          double& out);
double slow_quantile(double q, std::vector<double> values);

SlowVector slow_binary(const promql::BinaryExpr& expr, const SlowVector& lhs,
                       const SlowVector& rhs);
// The value of an operator between numbers; `kept` is false where a comparison does not hold.
double slow_operator(promql::TokenKind op, double a, double b, bool& kept);

class SlowEvaluator {
 public:
  SlowEvaluator(const SlowData& data, std::int64_t start_ms, std::int64_t end_ms)
      : data_(data), start_ms_(start_ms), end_ms_(end_ms) {}

  // REQUIRES: the type fits.
  SlowVector vector(const promql::Expr& expr, std::int64_t t_ms) const;
  double scalar(const promql::Expr& expr, std::int64_t t_ms) const;

 private:
  SlowVector select(const promql::VectorSelector& selector, std::int64_t t_ms) const;
  SlowVector call(const promql::CallExpr& call, std::int64_t t_ms) const;
  SlowVector over_windows(const promql::CallExpr& call, const promql::Expr& range,
                          std::int64_t t_ms) const;
  SlowVector aggregate(const promql::AggregateExpr& expr, std::int64_t t_ms) const;
  SlowVector binary(const promql::BinaryExpr& expr, std::int64_t t_ms) const;
  SlowMatrix subquery(const promql::SubqueryExpr& expr, std::int64_t end_ms) const;
  std::int64_t shifted(const promql::TimeShift& shift, std::int64_t t_ms) const;

  const SlowData& data_;
  const std::int64_t start_ms_;
  const std::int64_t end_ms_;
};

}  // namespace narthex::test
