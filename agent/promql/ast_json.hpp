// SPDX-License-Identifier: Apache-2.0
// ast_json.hpp - a tree as the JSON that GET /api/v1/parse_query answers with. Pure.
#pragma once

#include "promql/ast.hpp"

#include <string>

namespace narthex::promql {

std::string ast_json(const Expr& expr);

// Appends text as a JSON string, with the escapes of Go's encoder.
void append_json_string(std::string& out, std::string_view text);

}  // namespace narthex::promql
