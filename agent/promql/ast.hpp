// SPDX-License-Identifier: Apache-2.0
// ast.hpp - a parsed query: nodes with byte positions, owned by one Ast.
//
// Nodes point to each other without owning: a chain of 100,000 additions is a tree of that depth,
// and must not be destroyed by recursion. Two bounds hold for every Ast that the parser made:
// the left operands of binary operators may nest without limit, everything else at most
// kMaxNesting deep. Who walks a tree walks down left operands in a loop.
// Immutable after parsing and checking; then thread-safe.
#pragma once

#include "promql/functions.hpp"
#include "promql/token.hpp"
#include "regex/regex.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace narthex::promql {

inline constexpr std::size_t kMaxQueryBytes = 1 << 20;
inline constexpr int kMaxNesting = 1'000;
inline constexpr std::size_t kMaxNodes = 200'000;

enum class ExprKind : std::uint8_t {
  kNumber,
  kString,
  kVectorSelector,
  kMatrixSelector,
  kSubquery,
  kCall,
  kAggregate,
  kBinary,
  kUnary,
  kParen,
  kDuration,
};

struct Expr {
  Expr(ExprKind expr_kind, ValueType value_type, Position at)
      : kind(expr_kind), type(value_type), position(at) {}
  virtual ~Expr() = default;
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;

  const ExprKind kind;
  ValueType type;
  Position position;
  // How deep the tree is from here, left operands of binary operators not counted.
  int height = 1;
};

struct NumberExpr : Expr {
  NumberExpr(double number, Position at)
      : Expr(ExprKind::kNumber, ValueType::kScalar, at), value(number) {}
  double value;
  bool is_duration = false;  // written as one: "1h"
};

struct StringExpr : Expr {
  StringExpr(std::string text, Position at)
      : Expr(ExprKind::kString, ValueType::kString, at), value(std::move(text)) {}
  std::string value;
};

// name op value, as nx_matcher has it. A regular expression is compiled.
struct LabelMatcher {
  int op = 0;  // NX_MATCH_*
  std::string name;
  std::string value;
  std::optional<regex::Regex> regex;

  bool matches(std::string_view text) const;
};

// Arithmetic on durations in brackets and behind offset.
struct DurationExpr : Expr {
  DurationExpr(TokenKind operation, Expr* left, Expr* right, Position at)
      : Expr(ExprKind::kDuration, ValueType::kScalar, at), op(operation), lhs(left), rhs(right) {}
  TokenKind op;
  Expr* lhs;  // NumberExpr or DurationExpr; null for a sign, and for step() and range()
  Expr* rhs;
  bool in_parentheses = false;
};

// `@` and `offset`, of a selector or a subquery.
struct TimeShift {
  std::int64_t offset_ms = 0;
  const DurationExpr* offset_expr = nullptr;
  std::optional<std::int64_t> at_ms;
  TokenKind at_word = TokenKind::kEof;  // kStart, kEnd

  bool fixed() const { return at_ms.has_value() || at_word != TokenKind::kEof; }
};

enum class RangeMode : std::uint8_t { kPlain, kAnchored, kSmoothed };

struct VectorSelector : Expr {
  explicit VectorSelector(Position at) : Expr(ExprKind::kVectorSelector, ValueType::kVector, at) {}
  std::string name;                    // written before the braces; else empty
  std::vector<LabelMatcher> matchers;  // the name is the last one
  TimeShift shift;
  RangeMode mode = RangeMode::kPlain;
  bool may_be_empty = false;  // the label selector of info()
};

struct MatrixSelector : Expr {
  MatrixSelector(VectorSelector* of, Position at)
      : Expr(ExprKind::kMatrixSelector, ValueType::kMatrix, at), selector(of) {}
  VectorSelector* selector;
  std::int64_t range_ms = 0;
  const DurationExpr* range_expr = nullptr;
};

struct SubqueryExpr : Expr {
  SubqueryExpr(Expr* of, Position at)
      : Expr(ExprKind::kSubquery, ValueType::kMatrix, at), expr(of) {}
  Expr* expr;
  std::int64_t range_ms = 0;
  const DurationExpr* range_expr = nullptr;
  std::int64_t step_ms = 0;  // 0: the default
  const DurationExpr* step_expr = nullptr;
  TimeShift shift;
};

struct CallExpr : Expr {
  CallExpr(const FunctionEntry* called, std::vector<Expr*> arguments, Position at)
      : Expr(ExprKind::kCall, called->signature.returns, at),
        function(called),
        args(std::move(arguments)) {}
  const FunctionEntry* function;  // of the table, which outlives the tree
  std::vector<Expr*> args;
};

struct AggregateExpr : Expr {
  AggregateExpr(TokenKind operation, Position at)
      : Expr(ExprKind::kAggregate, ValueType::kVector, at), op(operation) {}
  TokenKind op;
  Expr* expr = nullptr;
  Expr* param = nullptr;
  std::vector<std::string> grouping;
  bool without = false;
};

enum class Cardinality : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;
  std::vector<std::string> labels;
  bool on = false;
  std::vector<std::string> include;
  std::optional<double> fill_left;
  std::optional<double> fill_right;
};

struct BinaryExpr : Expr {
  BinaryExpr(TokenKind operation, Expr* left, Expr* right)
      : Expr(ExprKind::kBinary,
             left->type == ValueType::kScalar && right->type == ValueType::kScalar
                 ? ValueType::kScalar
                 : ValueType::kVector,
             {left->position.start, right->position.end}),
        op(operation),
        lhs(left),
        rhs(right) {}
  TokenKind op;
  Expr* lhs;
  Expr* rhs;
  bool return_bool = false;
  std::optional<VectorMatching> matching;  // between vectors only
};

struct UnaryExpr : Expr {
  UnaryExpr(TokenKind operation, Expr* of, Position at)
      : Expr(ExprKind::kUnary, of->type, at), op(operation), expr(of) {}
  TokenKind op;
  Expr* expr;
};

struct ParenExpr : Expr {
  ParenExpr(Expr* of, Position at) : Expr(ExprKind::kParen, of->type, at), expr(of) {}
  Expr* expr;
};

// REQUIRES: expr.kind is that of T.
template <class T>
const T& as(const Expr& expr) {
  return static_cast<const T&>(expr);
}
template <class T>
T& as(Expr& expr) {
  return static_cast<T&>(expr);
}

class Ast {
 public:
  const Expr& root() const { return *root_; }
  Expr& root() { return *root_; }
  void set_root(Expr* root) { root_ = root; }
  std::size_t size() const { return nodes_.size(); }

  template <class T, class... Args>
  T* make(Args&&... args) {
    auto node = std::make_unique<T>(std::forward<Args>(args)...);
    T* raw = node.get();
    nodes_.push_back(std::move(node));
    return raw;
  }

 private:
  std::vector<std::unique_ptr<Expr>> nodes_;
  Expr* root_ = nullptr;
};

// The operands of a chain of binary operators, leftmost first: `a + b * c - d` gives the nodes
// [a + (b * c)], [.. - d]. `leftmost` becomes a.
std::vector<const BinaryExpr*> left_spine(const Expr& expr, const Expr*& leftmost);

// What is below parentheses.
const Expr& unwrap(const Expr& expr);

}  // namespace narthex::promql
