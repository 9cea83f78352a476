// SPDX-License-Identifier: Apache-2.0
// check.hpp - types of a parsed tree: which operands an operator takes, which arguments a function.
// Also settles what the types decide: set operators become many-to-many, matching between anything
// but vectors is dropped. Private to the parser.
#pragma once

#include "promql/ast.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::promql {

struct TypeError {
  std::uint32_t at = 0;  // byte of the query
  std::string message;
};

// The first error, in the order in which Prometheus looks.
std::optional<TypeError> check_types(Ast& ast, std::string_view text);

}  // namespace narthex::promql
