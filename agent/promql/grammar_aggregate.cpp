// SPDX-License-Identifier: Apache-2.0
// Aggregations and lists of label names in parentheses.
#include "promql/grammar.hpp"
#include "promql/characters.hpp"
#include "promql/quoting.hpp"

namespace narthex::promql {

Expr* Grammar::aggregate(const Token& op) {
  const Level level(*this);
  if (!level.ok) return nullptr;
  AggregateExpr* expr = ast_->make<AggregateExpr>(op.kind, op.position);
  ++open_aggregations_;
  const bool modifier_first = !at(TokenKind::kLeftParen);
  if (modifier_first && !aggregate_modifier(*expr)) return nullptr;
  if (!at(TokenKind::kLeftParen)) return unexpected_in_expression();
  std::vector<Expr*> args;
  if (!call_arguments(args)) return nullptr;
  expr->position.end = take().position.end;
  --open_aggregations_;
  if (!modifier_first && (at(TokenKind::kBy) || at(TokenKind::kWithout))) {
    if (!aggregate_modifier(*expr)) return nullptr;
  }
  return failed_ ? nullptr : finish_aggregate(*expr, args);
}

Expr* Grammar::finish_aggregate(AggregateExpr& expr, const std::vector<Expr*>& args) {
  if (args.empty()) {
    return fail(expr.position, "no arguments for aggregate expression provided");
  }
  if (is_experimental_aggregator(expr.op) && !options_.experimental_functions) {
    return fail(expr.position, std::string(spelling(expr.op)) +
                                   "() is experimental and must be enabled with "
                                   "--enable-feature=promql-experimental-functions");
  }
  const std::size_t wanted = aggregator_has_parameter(expr.op) ? 2 : 1;
  if (args.size() != wanted) {
    return fail(expr.position,
                "wrong number of arguments for aggregate expression provided, expected " +
                    std::to_string(wanted) + ", got " + std::to_string(args.size()));
  }
  if (wanted == 2) expr.param = args[0];
  expr.expr = args[wanted - 1];
  return nest(&expr, args);
}

bool Grammar::aggregate_modifier(AggregateExpr& out) {
  const Token word = take();
  out.without = word.kind == TokenKind::kWithout;
  if (!grouping_labels(out.grouping)) return false;
  return true;
}

// `(a, "b", c,)`
bool Grammar::grouping_labels(std::vector<std::string>& out) {
  if (!at(TokenKind::kLeftParen)) return unexpected("grouping opts", "\"(\"") != nullptr;
  take();
  while (!at(TokenKind::kRightParen)) {
    if (!grouping_label(out)) return false;
    if (at(TokenKind::kRightParen)) break;
    if (!at(TokenKind::kComma)) {
      return unexpected("grouping opts", "\",\" or \")\"") != nullptr;
    }
    take();
  }
  if (failed_) return false;
  take();
  return true;
}

bool Grammar::grouping_label(std::vector<std::string>& out) {
  const TokenKind kind = current().kind;
  const bool keyword = (is_keyword(kind) && kind != TokenKind::kWithout) || is_aggregator(kind) ||
                       is_set_operator(kind) || kind == TokenKind::kAtan2 ||
                       kind == TokenKind::kStart || kind == TokenKind::kEnd;
  if (!keyword && kind != TokenKind::kIdentifier && kind != TokenKind::kMetricIdentifier &&
      kind != TokenKind::kString) {
    return unexpected("grouping opts", "label") != nullptr;
  }
  const Token token = take();
  std::string label = kind == TokenKind::kString ? unquote(token.text) : std::string(token.text);
  if (label.empty() || !is_valid_utf8(label)) {
    fail(token.position, "invalid label name for grouping: " + quote(label));
    return false;
  }
  out.push_back(std::move(label));
  return true;
}

}  // namespace narthex::promql
