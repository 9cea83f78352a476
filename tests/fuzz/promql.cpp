// SPDX-License-Identifier: Apache-2.0
// promql.cpp - the first byte chooses the flags, the rest is a query. Any text is a tree or an
// error with a position; what was parsed prints, and its print parses and prints the same.
#include "promql/parser.hpp"
#include "promql/printer.hpp"
#include "tests/support/promql_functions.hpp"

#include <cstdio>
#include <cstdlib>

namespace narthex::promql {
namespace {

void fail(const char* why, const std::string& once, const std::string& twice) {
  std::fprintf(stderr, "%s\n%s\n%s\n", why, once.c_str(), twice.c_str());
  std::abort();
}

void same_again(const std::string& text, bool pretty, const FunctionTable& table,
                const ParseOptions& options) {
  // Printing spells durations and matchers out, which may pass the bound on a query's length.
  if (text.size() > 100'000) return;
  const auto again = parse_expression(text, table, options);
  if (!again.ok()) return fail("does not parse", text, again.status().message());
  const Expr& root = (*again)->root();
  const std::string twice = pretty ? prettify(root) : print(root);
  if (twice != text) fail("prints otherwise", text, twice);
}

void run(std::string_view text, const ParseOptions& options) {
  static const auto table = test::promql_functions();
  const auto parsed = parse_expression(text, *table, options);
  if (!parsed.ok()) {
    if (parsed.status().message().empty()) std::abort();
    return;
  }
  same_again(print((*parsed)->root()), false, *table, options);
  same_again(prettify((*parsed)->root()), true, *table, options);
  (void)parse_selector(text);
}

}  // namespace
}  // namespace narthex::promql

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  narthex::promql::ParseOptions options;
  options.experimental_functions = (data[0] & 1) != 0;
  options.duration_expressions = (data[0] & 2) != 0;
  options.extended_range_selectors = (data[0] & 4) != 0;
  options.fill_modifiers = (data[0] & 8) != 0;
  narthex::promql::run({reinterpret_cast<const char*>(data) + 1, size - 1}, options);
  return 0;
}
