// SPDX-License-Identifier: Apache-2.0
// builder.hpp - turns a tree into operators over a grid of steps. Scalars are computed on the way:
// they are one column, whatever they are made of.
#pragma once

#include "promql/ast.hpp"
#include "promql/batch.hpp"
#include "promql/context.hpp"
#include "promql/invariance.hpp"
#include "promql/operators.hpp"

#include <string>

namespace narthex::promql {

class Builder {
 public:
  Builder(Context& context, const Expr& root) : context_(context), invariance_(root) {}

  // REQUIRES: expr has the type in question. Null or false: the query failed.
  StreamPtr vector(const Expr& expr, const Grid& grid);
  bool scalar(const Expr& expr, const Grid& grid, ScalarColumn& out);
  RangePtr range(const Expr& expr, const Grid& grid);

 private:
  // The left side of a chain of operators, as far as it has been built.
  struct Operand {
    StreamPtr stream;  // null: a scalar
    ScalarColumn scalar;
  };

  StreamPtr vector_of(const Expr& expr, const Grid& grid);
  RangePtr range_of(const Expr& expr, const Grid& grid);
  StreamPtr vector_once(const Expr& expr, const Grid& grid);
  StreamPtr selector(const VectorSelector& expr, const Grid& grid);
  StreamPtr aggregate(const AggregateExpr& expr, const Grid& grid);
  StreamPtr unary(const UnaryExpr& expr, const Grid& grid);
  StreamPtr chain(const BinaryExpr& expr, const Grid& grid);
  bool operand(const Expr& expr, const Grid& grid, Operand& out);
  bool combine(const BinaryExpr& expr, const Grid& grid, Operand& lhs);
  bool scalar_call(const CallExpr& call, const Grid& grid, ScalarColumn& out);
  StreamPtr call(const CallExpr& call, const Grid& grid);
  StreamPtr special_call(const CallExpr& call, const Grid& grid);
  StreamPtr plain_call(const CallExpr& call, const Grid& grid);
  bool arguments(const CallExpr& call, const Grid& grid, CallArguments& out);
  bool need_kernel(const CallExpr& call);
  bool check_range_mode(const CallExpr& call);
  bool context_scalar(const CallExpr& call, const Grid& grid, ScalarColumn& out);
  RangePtr subquery(const SubqueryExpr& expr, const Grid& grid);
  bool inner_grid(const SubqueryExpr& expr, const Grid& grid, Grid& out);

  Context& context_;
  const Invariance invariance_;
};

}  // namespace narthex::promql
