// SPDX-License-Identifier: Apache-2.0
#include "promql/ast_json.hpp"

#include "promql/printer.hpp"
#include "promql/characters.hpp"
#include "promql/numbers.hpp"

#include <string_view>

namespace narthex::promql {

namespace {

// Keys stand in alphabetical order, as Go writes maps.
class JsonWriter {
 public:
  void write(const Expr& expr);
  std::string take() { return std::move(out_); }

 private:
  void write_chain(const BinaryExpr& expr);
  void write_matching(const BinaryExpr& expr);
  void write_aggregate(const AggregateExpr& expr);
  void write_call(const CallExpr& expr);
  void write_function(const FunctionSignature& signature);
  void write_selector(const VectorSelector& selector, std::string_view type,
                      const std::int64_t* range_ms);
  void write_matchers(const std::vector<LabelMatcher>& matchers);
  void write_subquery(const SubqueryExpr& expr);
  void write_shift(const TimeShift& shift);

  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void boolean(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void list(std::string_view name, const std::vector<std::string>& values) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      append_json_string(out_, values[i]);
    }
    out_ += ']';
  }
  void child(std::string_view name, const Expr* expr) {
    key(name);
    if (expr != nullptr) {
      write(*expr);
    } else {
      out_ += "null";
    }
  }

  std::string out_;
};

void JsonWriter::write(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBinary:
      return write_chain(as<BinaryExpr>(expr));
    case ExprKind::kAggregate:
      return write_aggregate(as<AggregateExpr>(expr));
    case ExprKind::kCall:
      return write_call(as<CallExpr>(expr));
    case ExprKind::kSubquery:
      return write_subquery(as<SubqueryExpr>(expr));
    case ExprKind::kVectorSelector:
      return write_selector(as<VectorSelector>(expr), "vectorSelector", nullptr);
    case ExprKind::kMatrixSelector:
      return write_selector(*as<MatrixSelector>(expr).selector, "matrixSelector",
                            &as<MatrixSelector>(expr).range_ms);
    default:
      break;
  }
  out_ += '{';
  if (expr.kind == ExprKind::kNumber) {
    text("type", "numberLiteral");
    text("val", format_number(as<NumberExpr>(expr).value));
  } else if (expr.kind == ExprKind::kString) {
    text("type", "stringLiteral");
    text("val", as<StringExpr>(expr).value);
  } else if (expr.kind == ExprKind::kUnary) {
    child("expr", as<UnaryExpr>(expr).expr);
    text("op", spelling(as<UnaryExpr>(expr).op));
    text("type", "unaryExpr");
  } else {
    child("expr", as<ParenExpr>(expr).expr);
    text("type", "parenExpr");
  }
  out_ += '}';
}

void JsonWriter::write_chain(const BinaryExpr& expr) {
  const Expr* leftmost = nullptr;
  const auto chain = left_spine(expr, leftmost);
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    out_ += '{';
    boolean("bool", (*link)->return_bool);
    key("lhs");
  }
  write(*leftmost);
  for (const BinaryExpr* link : chain) {
    key("matching");
    write_matching(*link);
    text("op", spelling(link->op));
    child("rhs", link->rhs);
    text("type", "binaryExpr");
    out_ += '}';
  }
}

void JsonWriter::write_matching(const BinaryExpr& expr) {
  if (!expr.matching) {
    out_ += "null";
    return;
  }
  constexpr std::string_view kNames[] = {"one-to-one", "many-to-one", "one-to-many",
                                         "many-to-many"};
  out_ += '{';
  text("card", kNames[static_cast<std::size_t>(expr.matching->cardinality)]);
  list("include", expr.matching->include);
  list("labels", expr.matching->labels);
  boolean("on", expr.matching->on);
  out_ += '}';
}

void JsonWriter::write_aggregate(const AggregateExpr& expr) {
  out_ += '{';
  child("expr", expr.expr);
  list("grouping", expr.grouping);
  text("op", spelling(expr.op));
  child("param", expr.param);
  text("type", "aggregation");
  boolean("without", expr.without);
  out_ += '}';
}

void JsonWriter::write_call(const CallExpr& expr) {
  out_ += '{';
  key("args");
  out_ += '[';
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (i > 0) out_ += ',';
    write(*expr.args[i]);
  }
  out_ += ']';
  key("func");
  write_function(expr.function->signature);
  text("type", "call");
  out_ += '}';
}

void JsonWriter::write_function(const FunctionSignature& signature) {
  out_ += '{';
  key("argTypes");
  out_ += '[';
  for (std::size_t i = 0; i < signature.params.size(); ++i) {
    if (i > 0) out_ += ',';
    append_json_string(out_, json_name(signature.params[i]));
  }
  out_ += ']';
  text("name", signature.name);
  text("returnType", json_name(signature.returns));
  number("variadic", signature.variadic());
  out_ += '}';
}

void JsonWriter::write_matchers(const std::vector<LabelMatcher>& matchers) {
  key("matchers");
  out_ += '[';
  for (std::size_t i = 0; i < matchers.size(); ++i) {
    out_ += i > 0 ? ",{" : "{";
    text("name", matchers[i].name);
    text("type", matcher_sign(matchers[i].op));
    text("value", matchers[i].value);
    out_ += '}';
  }
  out_ += ']';
}

void JsonWriter::write_shift(const TimeShift& shift) {
  key("startOrEnd");
  if (shift.at_word == TokenKind::kEof) {
    out_ += "null";
  } else {
    append_json_string(out_, spelling(shift.at_word));
  }
}

void JsonWriter::write_selector(const VectorSelector& selector, std::string_view type,
                                const std::int64_t* range_ms) {
  out_ += '{';
  write_matchers(selector.matchers);
  text("name", selector.name);
  number("offset", selector.shift.offset_ms);
  if (range_ms != nullptr) number("range", *range_ms);
  write_shift(selector.shift);
  key("timestamp");
  out_ += selector.shift.at_ms ? std::to_string(*selector.shift.at_ms) : "null";
  text("type", type);
  out_ += '}';
}

void JsonWriter::write_subquery(const SubqueryExpr& expr) {
  out_ += '{';
  child("expr", expr.expr);
  number("offset", expr.shift.offset_ms);
  number("range", expr.range_ms);
  write_shift(expr.shift);
  number("step", expr.step_ms);
  key("timestamp");
  out_ += expr.shift.at_ms ? std::to_string(*expr.shift.at_ms) : "null";
  text("type", "subquery");
  out_ += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto escape = [&out, kHex](unsigned code) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
  };
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const Character c = decode_character(text, at);
    const bool broken = c.code == 0xFFFD && c.size == 1;
    if (c.code == '"' || c.code == '\\') {
      out += '\\';
      out += static_cast<char>(c.code);
    } else if (c.code == '\n' || c.code == '\r' || c.code == '\t') {
      out += c.code == '\n' ? "\\n" : c.code == '\r' ? "\\r" : "\\t";
    } else if (c.code < 0x20 || c.code == '<' || c.code == '>' || c.code == '&' ||
               c.code == 0x2028 || c.code == 0x2029 || broken) {
      escape(static_cast<unsigned>(c.code));
    } else {
      out += text.substr(at, c.size);
    }
    at += c.size;
  }
  out += '"';
}

std::string ast_json(const Expr& expr) {
  JsonWriter writer;
  writer.write(expr);
  return writer.take();
}

}  // namespace narthex::promql
