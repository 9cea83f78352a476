// SPDX-License-Identifier: Apache-2.0
// Operands: literals, calls, parentheses, signs, and what may stand behind an operand.
#include "promql/grammar.hpp"
#include "promql/durations.hpp"
#include "promql/numbers.hpp"
#include "promql/quoting.hpp"

namespace narthex::promql {

int precedence_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::kOr:
      return 1;
    case TokenKind::kAnd:
    case TokenKind::kUnless:
      return 2;
    case TokenKind::kEqualEqual:
    case TokenKind::kNotEqual:
    case TokenKind::kLess:
    case TokenKind::kLessEqual:
    case TokenKind::kGreater:
    case TokenKind::kGreaterEqual:
      return 3;
    case TokenKind::kAdd:
    case TokenKind::kSub:
      return 4;
    case TokenKind::kMul:
    case TokenKind::kDiv:
    case TokenKind::kMod:
    case TokenKind::kAtan2:
      return 5;
    case TokenKind::kPow:
      return kPowerPrecedence;
    default:
      return 0;
  }
}

bool may_name_metric(TokenKind kind) {
  switch (kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kBy:
    case TokenKind::kWithout:
    case TokenKind::kOffset:
    case TokenKind::kAnd:
    case TokenKind::kOr:
    case TokenKind::kUnless:
    case TokenKind::kStart:
    case TokenKind::kEnd:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
      return true;
    default:
      return is_aggregator(kind);
  }
}

bool starts_expression(TokenKind kind) {
  switch (kind) {
    case TokenKind::kAdd:
    case TokenKind::kSub:
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
    case TokenKind::kLeftParen:
    case TokenKind::kLeftBrace:
      return true;
    default:
      return may_name_metric(kind);
  }
}

Expr* Grammar::expression(int min_precedence) {
  Expr* lhs = operand();
  while (lhs != nullptr && check_size()) {
    const int precedence = precedence_of(current().kind);
    if (failed_) return nullptr;
    if (precedence == 0 || precedence < min_precedence) return lhs;
    const Token op = take();
    lhs = binary(lhs, op);
  }
  return nullptr;
}

Expr* Grammar::operand() {
  if (at(TokenKind::kAdd) || at(TokenKind::kSub)) return sign();
  Expr* expr = primary();
  return expr != nullptr ? postfix(expr) : nullptr;
}

// A sign binds like multiplication: -2 ^ 2 is -(2 ^ 2).
Expr* Grammar::sign() {
  const Level level(*this);
  if (!level.ok) return nullptr;
  const Token op = take();
  Expr* expr = expression(kPowerPrecedence);
  if (expr == nullptr) return nullptr;
  const Position position{op.position.start, expr->position.end};
  if (expr->kind != ExprKind::kNumber) {
    return nest(ast_->make<UnaryExpr>(op.kind, expr, position), {expr});
  }
  if (op.kind == TokenKind::kSub) as<NumberExpr>(*expr).value *= -1;
  expr->position = position;
  return expr;
}

Expr* Grammar::primary() {
  switch (current().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return number_literal();
    case TokenKind::kString:
      return string_literal();
    case TokenKind::kLeftParen:
      return parenthesised();
    case TokenKind::kLeftBrace:
      return vector_selector(std::nullopt);
    default:
      return may_name_metric(current().kind) ? named() : unexpected_in_expression();
  }
}

Expr* Grammar::parenthesised() {
  const Level level(*this);
  if (!level.ok) return nullptr;
  const Token open = take();
  Expr* inner = expression(1);
  if (inner == nullptr) return nullptr;
  if (!at(TokenKind::kRightParen)) return unexpected_in_expression();
  const Token close = take();
  return nest(ast_->make<ParenExpr>(inner, Position{open.position.start, close.position.end}),
              {inner});
}

// An aggregation, a call, or the name of a metric: the next token decides.
Expr* Grammar::named() {
  const Token name = take();
  const TokenKind next = current().kind;
  if (is_aggregator(name.kind) &&
      (next == TokenKind::kLeftParen || next == TokenKind::kBy || next == TokenKind::kWithout)) {
    return aggregate(name);
  }
  const bool query_bound = name.kind == TokenKind::kStart || name.kind == TokenKind::kEnd;
  if (next == TokenKind::kLeftParen &&
      (name.kind == TokenKind::kIdentifier || (query_bound && options_.experimental_functions))) {
    return call(name);
  }
  return failed_ ? nullptr : vector_selector(name);
}

Expr* Grammar::call(const Token& name) {
  const Level level(*this);
  std::vector<Expr*> args;
  if (!level.ok || !call_arguments(args)) return nullptr;
  const Token close = take();
  const FunctionEntry* function = table_.find(name.text);
  if (function == nullptr || (function->built_in && function->signature.experimental &&
                              name.text != "info" && !options_.experimental_functions)) {
    return fail(name.position, "unknown function with name " + quote(name.text));
  }
  if (function->signature.experimental && !options_.experimental_functions) {
    return fail(name.position, "function " + quote(name.text) + " is not enabled");
  }
  CallExpr* expr = ast_->make<CallExpr>(function, std::move(args),
                                        Position{name.position.start, close.position.end});
  return nest(expr, expr->args);
}

// `(a, b`, up to the closing parenthesis, which is then the current token.
bool Grammar::call_arguments(std::vector<Expr*>& out) {
  take();
  if (at(TokenKind::kRightParen)) return true;
  for (;;) {
    Expr* argument = expression(1);
    if (argument == nullptr) return false;
    out.push_back(argument);
    if (at(TokenKind::kRightParen)) return true;
    if (!at(TokenKind::kComma)) {
      unexpected_in_expression();
      return false;
    }
    const Token comma = take();
    if (!starts_expression(current().kind)) {
      fail(comma.position, "trailing commas not allowed in function call args");
      return false;
    }
  }
}

std::optional<double> Grammar::number(const Token& token) {
  if (token.kind == TokenKind::kDuration) {
    const Result<std::int64_t> ms = parse_duration_ms(token.text);
    if (ms.ok()) return static_cast<double>(*ms) / 1000;
    fail(token.position, ms.status().message());
    return std::nullopt;
  }
  const Result<double> value = parse_number(token.text);
  if (value.ok()) return *value;
  fail(token.position, "error parsing number: " + value.status().message());
  return std::nullopt;
}

Expr* Grammar::number_literal() {
  const Token token = take();
  const std::optional<double> value = number(token);
  if (!value) return nullptr;
  NumberExpr* expr = ast_->make<NumberExpr>(*value, token.position);
  expr->is_duration = token.kind == TokenKind::kDuration;
  return expr;
}

Expr* Grammar::string_literal() {
  const Token token = take();
  return ast_->make<StringExpr>(unquote(token.text), token.position);
}

Expr* Grammar::postfix(Expr* expr) {
  while (expr != nullptr && !failed_) {
    switch (current().kind) {
      case TokenKind::kLeftBracket:
        expr = brackets(expr);
        break;
      case TokenKind::kOffset:
        expr = offset(expr);
        break;
      case TokenKind::kAt:
        expr = at_modifier(expr);
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed:
        expr = range_mode(expr);
        break;
      default:
        return failed_ ? nullptr : expr;
    }
  }
  return nullptr;
}

}  // namespace narthex::promql
