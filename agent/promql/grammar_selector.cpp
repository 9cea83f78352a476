// SPDX-License-Identifier: Apache-2.0
// Vector selectors: a metric name, matchers in braces, or both.
#include "promql/grammar.hpp"
#include "promql/quoting.hpp"

#include <narthex/data.h>
#include <narthex/sdk/labels.hpp>

namespace narthex::promql {

namespace {

int match_op(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEqual:
      return NX_MATCH_EQ;
    case TokenKind::kNotEqual:
      return NX_MATCH_NE;
    case TokenKind::kRegexMatch:
      return NX_MATCH_RE;
    case TokenKind::kRegexNoMatch:
      return NX_MATCH_NRE;
    default:
      return -1;
  }
}

LabelMatcher name_matcher(std::string name) {
  return {NX_MATCH_EQ, std::string(kMetricName), std::move(name), std::nullopt};
}

}  // namespace

VectorSelector* Grammar::vector_selector(std::optional<Token> name) {
  VectorSelector* selector = ast_->make<VectorSelector>(name ? name->position : current().position);
  if (at(TokenKind::kLeftBrace) && !label_matchers(*selector)) return nullptr;
  if (failed_) return nullptr;
  if (name) {
    selector->name = std::string(name->text);
    selector->matchers.push_back(name_matcher(selector->name));
  }
  return selector;
}

bool Grammar::label_matchers(VectorSelector& out) {
  take();
  while (!at(TokenKind::kRightBrace)) {
    if (!label_matcher(out)) return false;
    if (at(TokenKind::kRightBrace)) break;
    if (!at(TokenKind::kComma)) {
      return unexpected("label matching", "\",\" or \"}\"") != nullptr;
    }
    take();
  }
  if (failed_) return false;
  out.position.end = take().position.end;
  return true;
}

// `name op "value"`, `"name" op "value"`, or `"metric"`.
bool Grammar::label_matcher(VectorSelector& out) {
  if (!at(TokenKind::kIdentifier) && !at(TokenKind::kString)) {
    return unexpected("label matching", "identifier or \"}\"") != nullptr;
  }
  const Token name = take();
  const bool quoted = name.kind == TokenKind::kString;
  std::string label = quoted ? unquote(name.text) : std::string(name.text);
  if (match_op(current().kind) < 0) {
    if (!quoted) return unexpected("label matching", "label matching operator") != nullptr;
    if (!failed_) out.matchers.push_back(name_matcher(std::move(label)));
    return !failed_;
  }
  const TokenKind op = take().kind;
  if (!at(TokenKind::kString)) return unexpected("label matching", "string") != nullptr;
  const Token value = take();
  return add_matcher(out, std::move(label), name, op, value);
}

bool Grammar::add_matcher(VectorSelector& out, std::string name, const Token& name_token,
                          TokenKind op, const Token& value) {
  LabelMatcher matcher{match_op(op), std::move(name), unquote(value.text), std::nullopt};
  if (matcher.op == NX_MATCH_RE || matcher.op == NX_MATCH_NRE) {
    Result<regex::Regex> compiled = regex::Regex::compile(matcher.value);
    if (!compiled.ok()) {
      fail(name_token.position, compiled.status().message());
      return false;
    }
    matcher.regex = *std::move(compiled);
  }
  out.matchers.push_back(std::move(matcher));
  return true;
}

}  // namespace narthex::promql
