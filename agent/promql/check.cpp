// SPDX-License-Identifier: Apache-2.0
#include "promql/check.hpp"

#include "promql/quoting.hpp"

#include <narthex/sdk/labels.hpp>

#include <algorithm>

namespace narthex::promql {

namespace {

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  bool check(Expr& expr);
  std::optional<TypeError> error;

 private:
  bool fail(std::uint32_t at, std::string message) {
    error = TypeError{at, std::move(message)};
    return false;
  }
  bool expect(Expr& expr, ValueType wanted, std::string_view where);
  bool check_chain(BinaryExpr& top);
  bool check_binary(BinaryExpr& expr);
  bool check_matching(BinaryExpr& expr);
  bool check_call(CallExpr& call);
  bool check_argument_count(const CallExpr& call);
  bool check_info_selector(CallExpr& call);
  bool check_aggregate(AggregateExpr& expr);
  bool check_selector(const VectorSelector& selector);
  std::uint32_t operator_start(const BinaryExpr& expr) const;

  std::string_view text_;
};

bool is_value(ValueType type) { return type == ValueType::kScalar || type == ValueType::kVector; }

bool Checker::check(Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBinary:
      return check_chain(as<BinaryExpr>(expr));
    case ExprKind::kCall:
      return check_call(as<CallExpr>(expr));
    case ExprKind::kAggregate:
      return check_aggregate(as<AggregateExpr>(expr));
    case ExprKind::kParen:
      return check(*as<ParenExpr>(expr).expr);
    case ExprKind::kUnary: {
      Expr& of = *as<UnaryExpr>(expr).expr;
      if (!check(of)) return false;
      if (is_value(of.type)) return true;
      return fail(expr.position.start,
                  "unary expression only allowed on expressions of type scalar or instant vector, "
                  "got " +
                      quote(documented_name(of.type)));
    }
    case ExprKind::kSubquery: {
      Expr& of = *as<SubqueryExpr>(expr).expr;
      if (!check(of)) return false;
      if (of.type == ValueType::kVector) return true;
      return fail(expr.position.start, "subquery is only allowed on instant vector, got " +
                                           std::string(json_name(of.type)) + " instead");
    }
    case ExprKind::kMatrixSelector:
      return check_selector(*as<MatrixSelector>(expr).selector);
    case ExprKind::kVectorSelector:
      return check_selector(as<VectorSelector>(expr));
    default:
      return true;
  }
}

bool Checker::expect(Expr& expr, ValueType wanted, std::string_view where) {
  if (!check(expr)) return false;
  if (expr.type == wanted) return true;
  return fail(expr.position.start, "expected type " + std::string(documented_name(wanted)) +
                                       " in " + std::string(where) + ", got " +
                                       std::string(documented_name(expr.type)));
}

bool Checker::check_aggregate(AggregateExpr& expr) {
  if (!expect(*expr.expr, ValueType::kVector, "aggregation expression")) return false;
  if (expr.param == nullptr) return true;
  return expect(*expr.param,
                expr.op == TokenKind::kCountValues ? ValueType::kString : ValueType::kScalar,
                "aggregation parameter");
}

// ---- binary operators ----

bool Checker::check_chain(BinaryExpr& top) {
  std::vector<BinaryExpr*> chain;
  Expr* at = &top;
  for (; at->kind == ExprKind::kBinary; at = as<BinaryExpr>(*at).lhs) {
    chain.push_back(&as<BinaryExpr>(*at));
  }
  if (!check(*at)) return false;
  return std::all_of(chain.rbegin(), chain.rend(),
                     [this](BinaryExpr* expr) { return check(*expr->rhs) && check_binary(*expr); });
}

std::uint32_t Checker::operator_start(const BinaryExpr& expr) const {
  std::uint32_t at = expr.lhs->position.end;
  constexpr std::string_view kSpaces = " \t\r\n";
  while (at < text_.size() && kSpaces.find(text_[at]) != kSpaces.npos) ++at;
  return at;
}

bool Checker::check_binary(BinaryExpr& expr) {
  const ValueType left = expr.lhs->type;
  const ValueType right = expr.rhs->type;
  if (expr.return_bool && !is_comparison(expr.op)) {
    return fail(operator_start(expr), "bool modifier can only be used on comparison operators");
  }
  if (is_comparison(expr.op) && !expr.return_bool && left == ValueType::kScalar &&
      right == ValueType::kScalar) {
    return fail(operator_start(expr), "comparisons between scalars must use BOOL modifier");
  }
  VectorMatching& matching = *expr.matching;
  if (is_set_operator(expr.op) && matching.cardinality == Cardinality::kOneToOne) {
    matching.cardinality = Cardinality::kManyToMany;
  }
  for (const std::string& label : matching.labels) {
    if (!matching.on || std::find(matching.include.begin(), matching.include.end(), label) ==
                            matching.include.end()) {
      continue;
    }
    return fail(operator_start(expr),
                "label " + quote(label) + " must not occur in ON and GROUP clause at once");
  }
  for (const Expr* side : {expr.lhs, expr.rhs}) {
    if (is_value(side->type)) continue;
    return fail(side->position.start,
                "binary expression must contain only scalar and instant vector types");
  }
  return check_matching(expr);
}

bool Checker::check_matching(BinaryExpr& expr) {
  const std::uint32_t at = expr.position.start;
  const VectorMatching& matching = *expr.matching;
  const bool fills = matching.fill_left.has_value() || matching.fill_right.has_value();
  const std::string op = quote(spelling(expr.op));
  if (expr.lhs->type != ValueType::kVector || expr.rhs->type != ValueType::kVector) {
    if (!matching.labels.empty()) {
      return fail(at, "vector matching only allowed between instant vectors");
    }
    if (fills) {
      return fail(at, "filling in missing series only allowed between instant vectors");
    }
    expr.matching.reset();
    if (!is_set_operator(expr.op)) return true;
    return fail(at, "set operator " + op + " not allowed in binary scalar expression");
  }
  if (!is_set_operator(expr.op)) return true;
  if (matching.cardinality != Cardinality::kManyToMany) {
    return fail(at, "no grouping allowed for " + op + " operation");
  }
  if (fills) return fail(at, "filling in missing series not allowed for set operators");
  return true;
}

// ---- calls ----

bool Checker::check_argument_count(const CallExpr& call) {
  const FunctionSignature& signature = call.function->signature;
  const auto given = static_cast<int>(call.args.size());
  const auto params = static_cast<int>(signature.params.size());
  const auto say = [&](std::string_view bound, int count) {
    return fail(call.position.start, "expected " + std::string(bound) + std::to_string(count) +
                                         " argument(s) in call to " + quote(signature.name) +
                                         ", got " + std::to_string(given));
  };
  if (signature.variadic() == 0) return given == params || say("", params);
  const auto required = static_cast<int>(signature.required);
  if (given < required) return say("at least ", required);
  if (!signature.repeats && given > params) return say("at most ", params);
  return true;
}

bool Checker::check_call(CallExpr& call) {
  const FunctionSignature& signature = call.function->signature;
  if (!check_argument_count(call)) return false;
  if (signature.name == "info" && call.args.size() > 1 && !check_info_selector(call)) return false;
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const ValueType wanted = signature.params[std::min(i, signature.params.size() - 1)];
    if (!expect(*call.args[i], wanted, "call to function " + quote(signature.name))) return false;
  }
  return true;
}

// The second argument of info() only borrows the form of a selector: it names labels to add.
bool Checker::check_info_selector(CallExpr& call) {
  Expr& arg = *call.args[1];
  if (arg.type != ValueType::kVector) {
    return fail(call.position.start,
                "expected type instant vector in call to function \"info\", got " +
                    std::string(documented_name(arg.type)));
  }
  if (arg.kind != ExprKind::kVectorSelector) {
    return fail(arg.position.start, "expected label selectors only");
  }
  VectorSelector& selector = as<VectorSelector>(arg);
  if (!selector.name.empty()) {
    return fail(arg.position.start, "expected label selectors only, got vector selector instead");
  }
  selector.may_be_empty = true;
  return true;
}

// ---- selectors ----

bool Checker::check_selector(const VectorSelector& selector) {
  if (!selector.name.empty()) {
    for (std::size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      if (selector.matchers[i].name != kMetricName) continue;
      return fail(selector.position.start,
                  "metric name must not be set twice: " + quote(selector.name) + " or " +
                      quote(selector.matchers[i].value));
    }
    return true;
  }
  const bool selective =
      std::any_of(selector.matchers.begin(), selector.matchers.end(),
                  [](const LabelMatcher& matcher) { return !matcher.matches(""); });
  if (selective || selector.may_be_empty) return true;
  return fail(selector.position.start,
              "vector selector must contain at least one non-empty matcher");
}

}  // namespace

std::optional<TypeError> check_types(Ast& ast, std::string_view text) {
  Checker checker(text);
  checker.check(ast.root());
  return std::move(checker.error);
}

}  // namespace narthex::promql
