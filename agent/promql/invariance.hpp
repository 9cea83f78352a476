// SPDX-License-Identifier: Apache-2.0
// invariance.hpp - which parts of a tree yield the same at every step, because `@` pins all that
// they read: those are evaluated once. And which vectors may hold series of different names.
#pragma once

#include "promql/ast.hpp"

#include <unordered_set>

namespace narthex::promql {

class Invariance {
 public:
  explicit Invariance(const Expr& root) { walk(root); }
  bool is_invariant(const Expr& expr) const { return invariant_.count(&expr) != 0; }

 private:
  bool walk(const Expr& root);
  bool visit(const Expr& expr);
  bool visit_call(const CallExpr& call);
  bool note(const Expr& expr, bool invariant);

  std::unordered_set<const Expr*> invariant_;
};

// Whether series of this vector may differ in nothing but their metric names.
bool names_may_differ(const Expr& expr);

}  // namespace narthex::promql
