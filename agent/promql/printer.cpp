// SPDX-License-Identifier: Apache-2.0
#include "promql/printer.hpp"

#include "promql/print_writer.hpp"

#include <array>

namespace narthex::promql {

namespace {

constexpr std::size_t kColumns = 100;
// A long chain is indented deeper and deeper: quadratic. Beyond this much text one line is better.
constexpr std::size_t kMaxPrettyBytes = 4 << 20;

class Prettifier {
 public:
  void write(const Expr& expr, std::size_t level);
  std::string take() { return std::move(out_); }
  bool full() const { return out_.size() > kMaxPrettyBytes; }

 private:
  void write_broken(const Expr& expr, std::size_t level);
  void write_chain(const BinaryExpr& expr, std::size_t level);
  void write_aggregate(const AggregateExpr& expr, std::size_t level);
  void write_call(const CallExpr& expr, std::size_t level);
  void write_unary(const UnaryExpr& expr, std::size_t level);
  void indent(std::size_t level) { out_.append(2 * level, ' '); }

  std::string out_;
};

// The text of a node that fits into a line; empty when it does not.
std::string line_of(const Expr& expr) {
  PrintWriter writer(kColumns);
  writer.write(expr);
  return writer.full() ? std::string() : writer.take();
}

bool is_breakable(ExprKind kind) {
  switch (kind) {
    case ExprKind::kAggregate:
    case ExprKind::kBinary:
    case ExprKind::kCall:
    case ExprKind::kParen:
    case ExprKind::kSubquery:
      return true;
    default:
      return false;
  }
}

void Prettifier::write(const Expr& expr, std::size_t level) {
  if (full()) return;
  if (expr.kind == ExprKind::kUnary) return write_unary(as<UnaryExpr>(expr), level);
  if (!is_breakable(expr.kind)) {
    indent(level);
    out_ += print(expr);
    return;
  }
  const std::string line = line_of(expr);
  if (line.empty()) return write_broken(expr, level);
  // A subquery that fits stands where it is: so the reference has it.
  if (expr.kind != ExprKind::kSubquery) indent(level);
  out_ += line;
}

void Prettifier::write_broken(const Expr& expr, std::size_t level) {
  switch (expr.kind) {
    case ExprKind::kAggregate:
      return write_aggregate(as<AggregateExpr>(expr), level);
    case ExprKind::kBinary:
      return write_chain(as<BinaryExpr>(expr), level);
    case ExprKind::kCall:
      return write_call(as<CallExpr>(expr), level);
    case ExprKind::kSubquery: {
      write(*as<SubqueryExpr>(expr).expr, level);
      PrintWriter suffix;
      suffix.write_subquery_suffix(as<SubqueryExpr>(expr));
      out_ += suffix.text();
      return;
    }
    default:
      indent(level);
      out_ += "(\n";
      write(*as<ParenExpr>(expr).expr, level + 1);
      out_ += '\n';
      indent(level);
      out_ += ')';
  }
}

void Prettifier::write_unary(const UnaryExpr& expr, std::size_t level) {
  Prettifier inner;
  inner.write(*expr.expr, level);
  const std::string text = inner.take();
  const std::size_t begin = text.find_first_not_of(" \n");
  indent(level);
  out_ += spelling(expr.op);
  if (begin != text.npos) out_ += text.substr(begin);
}

// The operators of a chain stand on lines of their own, each operand one level deeper than the
// operator behind it: the leftmost is the deepest.
void Prettifier::write_chain(const BinaryExpr& expr, std::size_t level) {
  const Expr* first = nullptr;
  const std::vector<const BinaryExpr*> chain = left_spine(expr, first);
  // The beginning of the chain that fits into a line stays together.
  std::size_t next = 0;
  while (next < chain.size() && !line_of(*chain[next]).empty()) ++next;
  write(next > 0 ? *chain[next - 1] : *first, level + chain.size() - next);
  for (; next < chain.size() && !full(); ++next) {
    const BinaryExpr& link = *chain[next];
    const std::size_t depth = level + chain.size() - next - 1;
    out_ += '\n';
    indent(depth);
    PrintWriter op;
    op.write_operator(link);
    out_ += op.text();
    out_ += '\n';
    write(*link.rhs, depth + 1);
  }
}

void Prettifier::write_aggregate(const AggregateExpr& expr, std::size_t level) {
  indent(level);
  PrintWriter head;
  head.write_aggregate_head(expr);
  out_ += head.text() + "(\n";
  if (expr.param != nullptr) {
    write(*expr.param, level + 1);
    out_ += ",\n";
  }
  write(*expr.expr, level + 1);
  out_ += '\n';
  indent(level);
  out_ += ')';
}

void Prettifier::write_call(const CallExpr& expr, std::size_t level) {
  indent(level);
  out_ += expr.function->signature.name + "(\n";
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (i > 0) out_ += ",\n";
    write(*expr.args[i], level + 1);
  }
  out_ += '\n';
  indent(level);
  out_ += ')';
}

}  // namespace

std::string print(const Expr& expr) {
  PrintWriter writer;
  writer.write(expr);
  return writer.take();
}

std::string prettify(const Expr& expr) {
  Prettifier prettifier;
  prettifier.write(expr, 0);
  return prettifier.full() ? print(expr) : prettifier.take();
}

}  // namespace narthex::promql
