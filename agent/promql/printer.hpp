// SPDX-License-Identifier: Apache-2.0
// printer.hpp - from a tree back to text. Pure and thread-safe.
#pragma once

#include "promql/ast.hpp"

#include <string>

namespace narthex::promql {

// One line, canonical: parsing it gives the same tree.
std::string print(const Expr& expr);

// Broken into indented lines where a node is wider than 100 columns; what format_query answers.
std::string prettify(const Expr& expr);

// Pieces that messages and the AST JSON use too.
std::string print_matcher(const LabelMatcher& matcher);
std::string_view matcher_sign(int op);

}  // namespace narthex::promql
