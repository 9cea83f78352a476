// SPDX-License-Identifier: Apache-2.0
#include "promql/print_writer.hpp"

#include "promql/printer.hpp"
#include "promql/characters.hpp"
#include "promql/durations.hpp"
#include "promql/numbers.hpp"
#include "promql/quoting.hpp"

#include <narthex/data.h>
#include <narthex/sdk/labels.hpp>

#include <algorithm>
#include <cmath>

namespace narthex::promql {

std::string_view matcher_sign(int op) {
  constexpr std::string_view kSigns[] = {"=", "!=", "=~", "!~"};
  return kSigns[op];
}

std::string print_matcher(const LabelMatcher& matcher) {
  std::string out;
  if (is_plain_label_name(matcher.name)) {
    out = matcher.name;
  } else {
    append_quoted(out, matcher.name);
  }
  out += matcher_sign(matcher.op);
  append_quoted(out, matcher.value);
  return out;
}

void PrintWriter::write(const Expr& expr) {
  if (full()) return;
  switch (expr.kind) {
    case ExprKind::kNumber:
      return write_number(as<NumberExpr>(expr));
    case ExprKind::kString:
      return append_quoted(text_, as<StringExpr>(expr).value);
    case ExprKind::kVectorSelector:
      return write_selector(as<VectorSelector>(expr));
    case ExprKind::kMatrixSelector:
      return write_matrix(as<MatrixSelector>(expr));
    case ExprKind::kSubquery:
      write(*as<SubqueryExpr>(expr).expr);
      return write_subquery_suffix(as<SubqueryExpr>(expr));
    case ExprKind::kCall:
      return write_call(as<CallExpr>(expr));
    case ExprKind::kAggregate: {
      const AggregateExpr& aggregate = as<AggregateExpr>(expr);
      write_aggregate_head(aggregate);
      text_ += '(';
      if (aggregate.param != nullptr) {
        write(*aggregate.param);
        text_ += ", ";
      }
      write(*aggregate.expr);
      text_ += ')';
      return;
    }
    case ExprKind::kBinary:
      return write_chain(as<BinaryExpr>(expr));
    case ExprKind::kUnary:
      text_ += spelling(as<UnaryExpr>(expr).op);
      return write(*as<UnaryExpr>(expr).expr);
    case ExprKind::kParen:
      text_ += '(';
      write(*as<ParenExpr>(expr).expr);
      text_ += ')';
      return;
    case ExprKind::kDuration:
      return write_duration(as<DurationExpr>(expr));
  }
}

void PrintWriter::write_number(const NumberExpr& expr) {
  if (!expr.is_duration) return append_number(text_, expr.value);
  if (expr.value < 0) text_ += '-';
  text_ += format_duration_ms(static_cast<std::int64_t>(std::fabs(expr.value) * 1000));
}

void PrintWriter::write_labels(const std::vector<std::string>& labels) {
  text_ += '(';
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) text_ += ", ";
    if (is_plain_metric_name(labels[i])) {  // the reference lets colons pass here
      text_ += labels[i];
    } else {
      append_quoted(text_, labels[i]);
    }
  }
  text_ += ')';
}

void PrintWriter::write_aggregate_head(const AggregateExpr& expr) {
  text_ += spelling(expr.op);
  if (!expr.without && expr.grouping.empty()) return;
  text_ += expr.without ? " without " : " by ";
  write_labels(expr.grouping);
  text_ += ' ';
}

void PrintWriter::write_chain(const BinaryExpr& expr) {
  const Expr* leftmost = nullptr;
  const auto chain = left_spine(expr, leftmost);
  write(*leftmost);
  for (const BinaryExpr* link : chain) {
    if (full()) return;
    text_ += ' ';
    write_operator(*link);
    text_ += ' ';
    write(*link->rhs);
  }
}

void PrintWriter::write_operator(const BinaryExpr& expr) {
  text_ += spelling(expr.op);
  if (expr.return_bool) text_ += " bool";
  if (!expr.matching) return;
  const VectorMatching& matching = *expr.matching;
  const bool left = matching.cardinality == Cardinality::kManyToOne;
  const bool grouped = left || matching.cardinality == Cardinality::kOneToMany;
  if (matching.on || grouped || !matching.labels.empty()) {
    text_ += matching.on ? " on " : " ignoring ";
    write_labels(matching.labels);
  }
  if (grouped) {
    text_ += left ? " group_left " : " group_right ";
    write_labels(matching.include);
  }
  const auto fill = [this](std::string_view word, double value) {
    text_ += std::string(word) + " (";
    append_number(text_, value);
    text_ += ')';
  };
  if (matching.fill_left && matching.fill_left == matching.fill_right) {
    return fill(" fill", *matching.fill_left);
  }
  if (matching.fill_left) fill(" fill_left", *matching.fill_left);
  if (matching.fill_right) fill(" fill_right", *matching.fill_right);
}

void PrintWriter::write_call(const CallExpr& expr) {
  text_ += expr.function->signature.name;
  text_ += '(';
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (i > 0) text_ += ", ";
    write(*expr.args[i]);
  }
  text_ += ')';
}

void PrintWriter::write_matchers(const VectorSelector& selector) {
  text_ += selector.name;
  std::vector<std::string> printed;
  for (const LabelMatcher& matcher : selector.matchers) {
    const bool is_name = matcher.name == kMetricName && matcher.op == NX_MATCH_EQ &&
                         matcher.value == selector.name && !matcher.value.empty();
    if (!is_name) printed.push_back(print_matcher(matcher));
  }
  if (printed.empty() && !selector.name.empty()) return;
  std::sort(printed.begin(), printed.end());
  text_ += '{';
  for (std::size_t i = 0; i < printed.size(); ++i) {
    if (i > 0) text_ += ',';
    text_ += printed[i];
  }
  text_ += '}';
}

void PrintWriter::write_mode(RangeMode mode) {
  if (mode == RangeMode::kAnchored) text_ += " anchored";
  if (mode == RangeMode::kSmoothed) text_ += " smoothed";
}

void PrintWriter::write_at(const TimeShift& shift) {
  if (shift.at_ms) text_ += " @ " + format_fixed(static_cast<double>(*shift.at_ms) / 1000, 3);
  if (shift.at_word == TokenKind::kStart) text_ += " @ start()";
  if (shift.at_word == TokenKind::kEnd) text_ += " @ end()";
}

void PrintWriter::write_offset(const TimeShift& shift) {
  if (shift.offset_expr != nullptr) {
    text_ += " offset ";
    write_duration(*shift.offset_expr);
  } else if (shift.offset_ms != 0) {
    text_ += shift.offset_ms < 0 ? " offset -" : " offset ";
    text_ += format_duration_ms(std::abs(shift.offset_ms));
  }
}

void PrintWriter::write_selector(const VectorSelector& selector) {
  write_matchers(selector);
  write_at(selector.shift);
  write_mode(selector.mode);
  write_offset(selector.shift);
}

void PrintWriter::write_matrix(const MatrixSelector& matrix) {
  write_matchers(*matrix.selector);
  text_ += '[';
  if (matrix.range_expr != nullptr) {
    write_duration(*matrix.range_expr);
  } else {
    text_ += format_duration_ms(matrix.range_ms);
  }
  text_ += ']';
  write_mode(matrix.selector->mode);
  write_at(matrix.selector->shift);
  write_offset(matrix.selector->shift);
}

void PrintWriter::write_subquery_suffix(const SubqueryExpr& expr) {
  text_ += '[';
  if (expr.range_expr != nullptr) {
    write_duration(*expr.range_expr);
  } else {
    text_ += format_duration_ms(expr.range_ms);
  }
  text_ += ':';
  if (expr.step_expr != nullptr) {
    write_duration(*expr.step_expr);
  } else if (expr.step_ms != 0) {
    text_ += format_duration_ms(expr.step_ms);
  }
  text_ += ']';
  write_at(expr.shift);
  write_offset(expr.shift);
}

void PrintWriter::write_duration(const DurationExpr& expr) {
  if (full()) return;
  if (expr.in_parentheses) text_ += '(';
  const bool pair = expr.op == TokenKind::kMinOf || expr.op == TokenKind::kMaxOf;
  if (expr.op == TokenKind::kStep || expr.op == TokenKind::kRange) {
    text_ += std::string(spelling(expr.op)) + "()";
  } else if (expr.lhs == nullptr) {
    text_ += spelling(expr.op);
    write(*expr.rhs);
  } else {
    if (pair) text_ += std::string(spelling(expr.op)) + "(";
    write(*expr.lhs);
    text_ += pair ? ", " : " " + std::string(spelling(expr.op)) + " ";
    write(*expr.rhs);
    if (pair) text_ += ')';
  }
  if (expr.in_parentheses) text_ += ')';
}

}  // namespace narthex::promql
