// SPDX-License-Identifier: Apache-2.0
#include "promql/ast.hpp"

#include <narthex/data.h>

#include <algorithm>

namespace narthex::promql {

bool LabelMatcher::matches(std::string_view text) const {
  switch (op) {
    case NX_MATCH_EQ:
      return text == value;
    case NX_MATCH_NE:
      return text != value;
    case NX_MATCH_RE:
      return regex->matches(text);
    default:
      return !regex->matches(text);
  }
}

std::vector<const BinaryExpr*> left_spine(const Expr& expr, const Expr*& leftmost) {
  std::vector<const BinaryExpr*> spine;
  const Expr* at = &expr;
  for (; at->kind == ExprKind::kBinary; at = as<BinaryExpr>(*at).lhs) {
    spine.push_back(&as<BinaryExpr>(*at));
  }
  leftmost = at;
  std::reverse(spine.begin(), spine.end());
  return spine;
}

const Expr& unwrap(const Expr& expr) {
  const Expr* at = &expr;
  while (at->kind == ExprKind::kParen) at = as<ParenExpr>(*at).expr;
  return *at;
}

}  // namespace narthex::promql
