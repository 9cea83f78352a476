// SPDX-License-Identifier: Apache-2.0
// grammar.hpp - the parser's inside: one method a rule of the language, spread over grammar_*.cpp.
// Everything but parser.hpp is private to this room.
//
// Precedence climbing: operators are read in a loop, so a chain of them costs no stack; brackets,
// calls, signs and towers of `^` count against kMaxNesting.
//
// Only the first error is kept. Prometheus's parser is an LALR(1) automaton with error productions,
// and what it says follows from its stack: the innermost open construct that can say something does
// (selectors, brackets, groupings, offset, @), else an open aggregation, else nobody. The lookahead
// token is read as late as that automaton reads it, because lexing may fail first.
#pragma once

#include "promql/ast.hpp"
#include "promql/lexer.hpp"
#include "promql/parser.hpp"

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::promql {

class Grammar {
 public:
  Grammar(std::string_view text, const FunctionTable& table, const ParseOptions& options);

  // Each is called once. Null or false: error() says why.
  std::shared_ptr<Ast> whole_expression();
  bool whole_selector(std::vector<LabelMatcher>& out);
  Status error() const;

 private:
  struct BinaryModifiers {
    bool return_bool = false;
    VectorMatching matching;
  };
  // Holds one level of nesting; ok is false when there are too many.
  struct Level {
    explicit Level(Grammar& owner) : grammar(owner), ok(grammar.enter()) {}
    ~Level() { --grammar.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Grammar& grammar;
    bool ok;
  };

  // grammar.cpp
  const Token& current();
  Token take();
  bool at(TokenKind kind) { return current().kind == kind; }
  bool expect_end();
  bool enter();
  bool check_size();
  // Puts children below parent; null when the tree gets too deep.
  Expr* nest(Expr* parent, std::span<Expr* const> children);
  Expr* nest(Expr* parent, std::initializer_list<Expr*> children) {
    return nest(parent, std::span(children.begin(), children.size()));
  }
  std::nullptr_t fail(Position where, std::string message);
  std::nullptr_t unexpected(std::string_view context, std::string_view expected);
  std::nullptr_t unexpected_in_expression();

  // grammar_expression.cpp
  Expr* expression(int min_precedence);
  Expr* operand();
  Expr* sign();
  Expr* primary();
  Expr* parenthesised();
  Expr* named();
  Expr* call(const Token& name);
  Expr* number_literal();
  Expr* string_literal();
  Expr* postfix(Expr* expr);
  bool call_arguments(std::vector<Expr*>& out);
  std::optional<double> number(const Token& token);
  std::optional<std::string> string_value(const Token& token);

  // grammar_binary.cpp
  Expr* binary(Expr* lhs, const Token& op);
  bool binary_modifiers(BinaryModifiers& out);
  bool group_modifier(BinaryModifiers& out);
  bool fill_modifiers(BinaryModifiers& out);
  bool fill_value(std::optional<double>& out);

  // grammar_aggregate.cpp
  Expr* aggregate(const Token& op);
  Expr* finish_aggregate(AggregateExpr& expr, const std::vector<Expr*>& args);
  bool aggregate_modifier(AggregateExpr& out);
  bool grouping_labels(std::vector<std::string>& out);
  bool grouping_label(std::vector<std::string>& out);

  // grammar_selector.cpp
  VectorSelector* vector_selector(std::optional<Token> name);
  bool label_matchers(VectorSelector& out);
  bool label_matcher(VectorSelector& out);
  bool add_matcher(VectorSelector& out, std::string name, const Token& name_token, TokenKind op,
                   const Token& value);

  // grammar_range.cpp
  Expr* brackets(Expr* expr);
  Expr* matrix_selector(Expr* expr, const Token& open, Expr* range);
  Expr* subquery(Expr* expr, Expr* range);
  Expr* offset(Expr* expr);
  Expr* at_modifier(Expr* expr);
  Expr* range_mode(Expr* expr);
  TimeShift* shift_of(Expr& expr, std::string_view modifier);
  bool read_timestamp(Expr& expr, TimeShift& shift);
  bool finish_timestamp(Expr& expr, TimeShift& shift, double seconds);

  // grammar_duration.cpp
  Expr* duration(int min_precedence);
  Expr* duration_operand();
  Expr* duration_word();
  Expr* duration_pair(const Token& word);
  Expr* positive_duration();
  Expr* offset_duration();
  Expr* signed_duration(const Token& sign, Expr* of);
  bool check_duration_range(const NumberExpr& number, Position where);
  bool need_duration_expressions(const Expr& expr);

  std::string_view text_;
  const FunctionTable& table_;
  ParseOptions options_;
  Lexer lexer_;
  std::shared_ptr<Ast> ast_;
  Token current_;
  bool have_current_ = false;
  int depth_ = 0;
  int open_aggregations_ = 0;
  bool failed_ = false;
  Position error_position_;
  std::string error_message_;
};

// 0 for tokens that are no binary operator.
int precedence_of(TokenKind kind);
inline constexpr int kPowerPrecedence = 6;
bool starts_expression(TokenKind kind);
// Words that may name a metric although they are keywords.
bool may_name_metric(TokenKind kind);

}  // namespace narthex::promql
