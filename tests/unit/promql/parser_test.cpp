// SPDX-License-Identifier: Apache-2.0
// What the parser refuses and how it says so: Prometheus's words at Prometheus's places.
#include "promql/parser.hpp"
#include "promql/printer.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace narthex;
using namespace narthex::promql;

namespace {

const FunctionTable& table() {
  static const FunctionTable kTable;
  return kTable;
}

std::string refusal_of(std::string_view text, const ParseOptions& options = ParseOptions()) {
  const auto ast = parse_expression(text, table(), options);
  return ast.ok() ? "" : ast.status().message();
}

ParseOptions everything() {
  return {.experimental_functions = true,
          .duration_expressions = true,
          .extended_range_selectors = true,
          .fill_modifiers = true};
}

}  // namespace

TEST_CASE("refusals are worded and placed as Prometheus does", "[promql][parser]") {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "unknown position: parse error: no expression found in input"},
      {"a b", "1:3: parse error: unexpected identifier \"b\""},
      {"a +", "1:4: parse error: unexpected end of input"},
      {"1 and 2", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"1 == 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"rate(a)",
       "1:6: parse error: expected type range vector in call to function \"rate\", got instant "
       "vector"},
      {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
      {"nothing(a)", "1:1: parse error: unknown function with name \"nothing\""},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"sum(a) by b",
       "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected "
       "\"(\""},
      {"\n  a b", "2:5: parse error: unexpected identifier \"b\""},
      {"limitk(1, a)",
       "1:1: parse error: limitk() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
  };
  for (const auto& [query, message] : kCases) {
    INFO(query);
    CHECK(refusal_of(query) == message);
  }
}

TEST_CASE("flagged syntax needs its feature", "[promql][parser]") {
  for (const char* query : {"limitk(1, a)", "a[5m+1m]", "rate(a[5m] anchored)", "a + fill(0) b",
                            "rate(a[5m] smoothed)", "info(a)"}) {
    INFO(query);
    CHECK_FALSE(refusal_of(query).empty());
    CHECK(refusal_of(query, everything()).empty());
  }
}

TEST_CASE("nesting and size are bounded, chains are not nesting", "[promql][parser]") {
  const auto nested = [](int depth) {
    return std::string(depth, '(') + "1" + std::string(depth, ')');
  };
  CHECK(refusal_of(nested(900)).empty());
  CHECK_FALSE(refusal_of(nested(100'000)).empty());
  std::string chain = "1";
  for (int i = 0; i < 20'000; ++i) chain += "+1";
  CHECK(refusal_of(chain).empty());
  CHECK_FALSE(refusal_of(std::string(kMaxQueryBytes + 1, ' ')).empty());
}

TEST_CASE("nodes know the bytes they were read from", "[promql][parser]") {
  const auto ast = parse_expression("sum by (x) (rate(a[5m])) / 2", table(), {});
  REQUIRE(ast.ok());
  const Expr& root = (*ast)->root();
  REQUIRE(root.kind == ExprKind::kBinary);
  CHECK(root.position == Position{0, 28});
  const auto& binary = as<BinaryExpr>(root);
  CHECK(binary.lhs->position == Position{0, 24});
  CHECK(binary.rhs->position == Position{27, 28});
  const auto& sum = as<AggregateExpr>(*binary.lhs);
  CHECK(sum.expr->position == Position{12, 23});
  CHECK(sum.grouping == std::vector<std::string>{"x"});
}

TEST_CASE("precedence and associativity", "[promql][parser]") {
  const auto kind_of_left = [](std::string_view text) {
    const auto ast = parse_expression(text, table(), {});
    REQUIRE(ast.ok());
    return as<BinaryExpr>((*ast)->root()).lhs->kind;
  };
  CHECK(kind_of_left("1 - 2 - 3") == ExprKind::kBinary);
  CHECK(kind_of_left("1 ^ 2 ^ 3") == ExprKind::kNumber);
  CHECK(kind_of_left("1 + 2 * 3") == ExprKind::kNumber);
  const auto ast = parse_expression("-1 ^ 2", table(), {});
  REQUIRE(ast.ok());
  CHECK((*ast)->root().kind == ExprKind::kUnary);
}

TEST_CASE("a selector alone", "[promql][parser]") {
  const auto matchers = parse_selector("up{job=~\"a|b\"}");
  REQUIRE(matchers.ok());
  REQUIRE(matchers->size() == 2);
  CHECK((*matchers)[0].matches("b"));
  CHECK_FALSE((*matchers)[0].matches("ab"));
  CHECK((*matchers)[1].name == "__name__");
  CHECK_FALSE(parse_selector("sum(up)").ok());
}

TEST_CASE("lines and columns count from one", "[promql][parser]") {
  CHECK(line_and_column("ab\ncd", 0) == "1:1");
  CHECK(line_and_column("ab\ncd", 4) == "2:2");
}
