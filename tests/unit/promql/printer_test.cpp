// SPDX-License-Identifier: Apache-2.0
// Trees as text: one canonical line, and what format_query makes of long ones.
#include "promql/parser.hpp"
#include "promql/printer.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace narthex;
using namespace narthex::promql;

namespace {

std::shared_ptr<const Ast> parsed(std::string_view text) {
  static const FunctionTable kTable;
  const ParseOptions all{.experimental_functions = true,
                         .duration_expressions = true,
                         .extended_range_selectors = true,
                         .fill_modifiers = true};
  auto ast = parse_expression(text, kTable, all);
  INFO(text);
  if (!ast.ok()) FAIL(ast.status().message());
  return *std::move(ast);
}

}  // namespace

TEST_CASE("one line, canonical", "[promql][printer]") {
  const std::pair<const char*, const char*> kCases[] = {
      {"sum  by(a)(b)", "sum by (a) (b)"},
      {"sum(b) without (a , c)", "sum without (a, c) (b)"},
      {"a{b='c',d=~\"e\"}", "a{b=\"c\",d=~\"e\"}"},
      {"rate(a[90s])", "rate(a[1m30s])"},
      {"a offset -5m", "a offset -5m"},
      {"a offset NaN", "a offset -106751d23h47m16s854ms"},
      {"a @ 10 offset 1h", "a @ 10.000 offset 1h"},
      {"a @ start()", "a @ start()"},
      {"a[1h:]", "a[1h:]"},
      {"a[1h:5m] offset 1d", "a[1h:5m] offset 1d"},
      {"a+on(x)group_left(y)b", "a + on (x) group_left (y) b"},
      {"a == bool 1", "a == bool 1"},
      {"{\"my.metric\"}", "{__name__=\"my.metric\"}"},
      {"topk(3,a)", "topk(3, a)"},
      {"-a", "-a"},
      {"1e3", "1000"},
      {"0x10", "16"},
      {"'x'", "\"x\""},
  };
  for (const auto& [query, text] : kCases) {
    INFO(query);
    CHECK(print(parsed(query)->root()) == text);
  }
}

TEST_CASE("printing what was parsed from print changes nothing", "[promql][printer]") {
  for (const char* query :
       {"a[5m*2+1m]", "a offset (5m-1m)", "a[step():max_of(1m,2m)]", "rate(a[5m] smoothed)",
        "rate(a[5m] anchored)", "a + on(x) fill_left(1) fill_right(2) b", "info(a, {b=\"c\"})",
        "a{\"b.c\"=\"\\n\"}", "sum by (\"x.y\") (a)", "a atan2 b", "a unless on () b",
        "limit_ratio(-0.5, a)", "(((a)))", "-(-1)", "1h", "NaN", "-Inf"}) {
    const std::string once = print(parsed(query)->root());
    INFO(query << " -> " << once);
    CHECK(print(parsed(once)->root()) == once);
    const std::string pretty = prettify(parsed(query)->root());
    INFO(pretty);
    CHECK(prettify(parsed(pretty)->root()) == pretty);
  }
}

TEST_CASE("wide expressions are broken and indented", "[promql][printer]") {
  const std::string wide(60, 'x');
  CHECK(prettify(parsed("sum(" + wide + " + " + wide + ")")->root()) ==
        "sum(\n    " + wide + "\n  +\n    " + wide + "\n)");
}
