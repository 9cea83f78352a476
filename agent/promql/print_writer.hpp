// SPDX-License-Identifier: Apache-2.0
// print_writer.hpp - writes nodes as text, giving up once the text is longer than somebody wants to
// know. Private to the printers.
#pragma once

#include "promql/ast.hpp"

#include <limits>
#include <string>
#include <string_view>

namespace narthex::promql {

class PrintWriter {
 public:
  explicit PrintWriter(std::size_t size_max = std::numeric_limits<std::size_t>::max())
      : size_max_(size_max) {}

  void write(const Expr& expr);
  void write_aggregate_head(const AggregateExpr& expr);  // sum by (a)
  void write_operator(const BinaryExpr& expr);           // + bool on (a) group_left (b)
  void write_subquery_suffix(const SubqueryExpr& expr);  // [5m:1m] @ 3.000 offset 1m

  bool full() const { return text_.size() > size_max_; }
  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  void write_chain(const BinaryExpr& expr);
  void write_call(const CallExpr& expr);
  void write_selector(const VectorSelector& selector);
  void write_matchers(const VectorSelector& selector);
  void write_mode(RangeMode mode);
  void write_at(const TimeShift& shift);
  void write_offset(const TimeShift& shift);
  void write_matrix(const MatrixSelector& matrix);
  void write_duration(const DurationExpr& expr);
  void write_number(const NumberExpr& expr);
  void write_labels(const std::vector<std::string>& labels);

  std::string text_;
  std::size_t size_max_;
};

}  // namespace narthex::promql
