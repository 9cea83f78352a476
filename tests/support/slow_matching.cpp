// SPDX-License-Identifier: Apache-2.0
// Binary operators between vectors, for the slow evaluator: every pair of elements is looked at.
#include "tests/support/slow_evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace narthex::test {

using namespace promql;

namespace {

bool changes_meaning(const BinaryExpr& expr) { return !is_comparison(expr.op) || expr.return_bool; }

Labels signature(const Labels& labels, const VectorMatching& matching) {
  Labels out;
  for (const auto& [name, value] : labels) {
    const bool listed =
        std::find(matching.labels.begin(), matching.labels.end(), name) != matching.labels.end();
    if (matching.on ? listed : !listed && name != kMetricName) out.set(name, value);
  }
  return out;
}

Labels result_labels(const BinaryExpr& expr, const Labels& many, const Labels& one) {
  const VectorMatching& matching = *expr.matching;
  Labels out = changes_meaning(expr) ? without_name(many) : many;
  if (matching.cardinality == Cardinality::kOneToOne) {
    Labels kept;
    for (const auto& [name, value] : out) {
      const bool listed =
          std::find(matching.labels.begin(), matching.labels.end(), name) != matching.labels.end();
      if (listed == matching.on) kept.set(name, value);
    }
    out = kept;
  }
  for (const std::string& name : matching.include) out.set(name, one.get(name));
  return out;
}

SlowVector set_operation(const BinaryExpr& expr, const SlowVector& lhs, const SlowVector& rhs) {
  const auto found_in = [&](const SlowVector& side, const Labels& labels) {
    return std::any_of(side.begin(), side.end(), [&](const auto& element) {
      return signature(element.first, *expr.matching) == signature(labels, *expr.matching);
    });
  };
  SlowVector out;
  for (const auto& [labels, v] : lhs) {
    if (expr.op == TokenKind::kOr || found_in(rhs, labels) == (expr.op == TokenKind::kAnd)) {
      insert_unique(out, labels, v);
    }
  }
  for (const auto& [labels, v] : rhs) {
    if (expr.op == TokenKind::kOr && !found_in(lhs, labels)) insert_unique(out, labels, v);
  }
  return out;
}

}  // namespace

double slow_operator(TokenKind op, double a, double b, bool& kept) {
  switch (op) {
    case TokenKind::kAdd:
      return a + b;
    case TokenKind::kSub:
      return a - b;
    case TokenKind::kMul:
      return a * b;
    case TokenKind::kDiv:
      return a / b;
    case TokenKind::kEqualEqual:
      kept = a == b;
      return a;
    case TokenKind::kNotEqual:
      kept = a != b;
      return a;
    case TokenKind::kLess:
      kept = a < b;
      return a;
    case TokenKind::kGreater:
      kept = a > b;
      return a;
    case TokenKind::kLessEqual:
      kept = a <= b;
      return a;
    case TokenKind::kGreaterEqual:
      kept = a >= b;
      return a;
    default:
      throw std::logic_error("an operator the slow evaluator does not know");
  }
}

SlowVector slow_binary(const BinaryExpr& expr, const SlowVector& lhs, const SlowVector& rhs) {
  if (is_set_operator(expr.op)) return set_operation(expr, lhs, rhs);
  SlowVector out;
  if (lhs.empty() || rhs.empty()) return out;
  const VectorMatching& matching = *expr.matching;
  const bool swapped = matching.cardinality == Cardinality::kOneToMany;
  const SlowVector& many = swapped ? rhs : lhs;
  const SlowVector& one = swapped ? lhs : rhs;
  std::set<Labels> seen;
  for (const auto& [labels, v] : one) {
    if (!seen.insert(signature(labels, matching)).second) throw QueryFailure("not one");
  }
  std::set<Labels> matched;
  for (const auto& [many_labels, many_v] : many) {
    for (const auto& [one_labels, one_v] : one) {
      const Labels group = signature(many_labels, matching);
      if (group != signature(one_labels, matching)) continue;
      bool kept = true;
      double v = slow_operator(expr.op, swapped ? one_v : many_v, swapped ? many_v : one_v, kept);
      if (expr.return_bool) {
        v = kept ? 1 : 0;
      } else if (!kept) {
        continue;
      }
      if (matching.cardinality == Cardinality::kOneToOne && !matched.insert(group).second) {
        throw QueryFailure("many to one without a word");
      }
      insert_unique(out, result_labels(expr, many_labels, one_labels), v);
    }
  }
  return out;
}

}  // namespace narthex::test
