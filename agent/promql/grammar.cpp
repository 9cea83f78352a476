// SPDX-License-Identifier: Apache-2.0
#include "promql/grammar.hpp"

#include "promql/check.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

constexpr const char* kTooDeep = "expression nested too deeply: more than 1000 levels";
static_assert(kMaxNesting == 1'000);

LexerOptions lexer_options(const ParseOptions& options) {
  LexerOptions out;
  out.extended_range_selectors = options.extended_range_selectors;
  out.fill_modifiers = options.fill_modifiers;
  out.duration_words = options.duration_expressions;
  return out;
}

Status parse_error(std::string_view text, std::uint32_t at, std::string_view message) {
  const std::string place = text.empty() ? "unknown position" : line_and_column(text, at);
  return invalid_argument(place + ": parse error: " + std::string(message));
}

Status check_length(std::string_view text) {
  if (text.size() <= kMaxQueryBytes) return Status();
  return parse_error({}, 0,
                     "query too long: " + std::to_string(text.size()) + " bytes, at most " +
                         std::to_string(kMaxQueryBytes));
}

}  // namespace

Grammar::Grammar(std::string_view text, const FunctionTable& table, const ParseOptions& options)
    : text_(text),
      table_(table),
      options_(options),
      lexer_(text, lexer_options(options)),
      ast_(std::make_shared<Ast>()) {}

const Token& Grammar::current() {
  if (have_current_) return current_;
  current_ = lexer_.next();
  have_current_ = true;
  if (current_.kind == TokenKind::kError) {
    fail({lexer_.error_start(), lexer_.error_start()}, lexer_.error());
  }
  return current_;
}

Token Grammar::take() {
  const Token token = current();
  have_current_ = false;
  return token;
}

std::nullptr_t Grammar::fail(Position where, std::string message) {
  if (!failed_) {
    failed_ = true;
    error_position_ = where;
    error_message_ = std::move(message);
  }
  return nullptr;
}

std::nullptr_t Grammar::unexpected(std::string_view context, std::string_view expected) {
  const Token token = current();
  std::string message = "unexpected " + describe(token);
  if (!context.empty()) message += " in " + std::string(context);
  if (!expected.empty()) message += ", expected " + std::string(expected);
  return fail(token.position, std::move(message));
}

std::nullptr_t Grammar::unexpected_in_expression() {
  return unexpected(open_aggregations_ > 0 ? "aggregation" : "", "");
}

bool Grammar::enter() {
  if (++depth_ <= kMaxNesting) return true;
  fail(current().position, kTooDeep);
  return false;
}

Expr* Grammar::nest(Expr* parent, std::span<Expr* const> children) {
  for (const Expr* child : children) {
    const bool left_operand =
        parent->kind == ExprKind::kBinary && child == as<BinaryExpr>(*parent).lhs;
    parent->height = std::max(parent->height, child->height + (left_operand ? 0 : 1));
  }
  return parent->height <= kMaxNesting ? parent : fail(parent->position, kTooDeep);
}

bool Grammar::check_size() {
  if (ast_->size() <= kMaxNodes) return true;
  fail({}, "expression too large: more than " + std::to_string(kMaxNodes) + " nodes");
  return false;
}

bool Grammar::expect_end() {
  if (at(TokenKind::kEof)) return !failed_;
  unexpected("", "");
  return false;
}

std::shared_ptr<Ast> Grammar::whole_expression() {
  if (at(TokenKind::kEof)) return fail({}, "no expression found in input");
  Expr* root = expression(1);
  if (root == nullptr || !expect_end()) return nullptr;
  ast_->set_root(root);
  return ast_;
}

bool Grammar::whole_selector(std::vector<LabelMatcher>& out) {
  std::optional<Token> name;
  if (may_name_metric(current().kind)) name = take();
  if (!name && !at(TokenKind::kLeftBrace)) {
    unexpected("", "");
    return false;
  }
  VectorSelector* selector = vector_selector(name);
  if (selector == nullptr || !expect_end()) return false;
  out = std::move(selector->matchers);
  return true;
}

Status Grammar::error() const { return parse_error(text_, error_position_.start, error_message_); }

std::string line_and_column(std::string_view text, std::uint32_t at) {
  std::size_t line = 1;
  std::size_t column = at + std::size_t{1};
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    if (text[i] != '\n') continue;
    ++line;
    column = at - i;
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

Result<std::shared_ptr<const Ast>> parse_expression(std::string_view text,
                                                    const FunctionTable& table,
                                                    const ParseOptions& options) {
  if (const Status length = check_length(text); !length.ok()) return length;
  Grammar grammar(text, table, options);
  std::shared_ptr<Ast> ast = grammar.whole_expression();
  if (ast == nullptr) return grammar.error();
  if (const std::optional<TypeError> error = check_types(*ast, text)) {
    return parse_error(text, error->at, error->message);
  }
  return std::shared_ptr<const Ast>(std::move(ast));
}

Result<std::vector<LabelMatcher>> parse_selector(std::string_view text) {
  if (const Status length = check_length(text); !length.ok()) return length;
  static const FunctionTable kNoFunctions;
  Grammar grammar(text, kNoFunctions, {});
  std::vector<LabelMatcher> matchers;
  if (!grammar.whole_selector(matchers)) return grammar.error();
  return matchers;
}

}  // namespace narthex::promql
