// SPDX-License-Identifier: Apache-2.0
// parser.hpp - from query text to a checked tree. Pure and thread-safe.
//
// Failures are NX_ERR_INVALID_ARGUMENT with Prometheus's text, position included:
// `1:5: parse error: unexpected identifier "bar"`. Bounds: kMaxQueryBytes of text, kMaxNesting
// levels, kMaxNodes nodes; passing one is such a failure, found in time linear in the text.
#pragma once

#include "promql/ast.hpp"
#include "promql/functions.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace narthex::promql {

// What Prometheus hides behind feature flags.
struct ParseOptions {
  bool experimental_functions = false;    // promql-experimental-functions
  bool duration_expressions = false;      // promql-duration-expr
  bool extended_range_selectors = false;  // promql-extended-range-selectors
  bool fill_modifiers = false;            // promql-binop-fill-modifiers
};

// The tree points into `table`, which must outlive it.
Result<std::shared_ptr<const Ast>> parse_expression(std::string_view text,
                                                    const FunctionTable& table,
                                                    const ParseOptions& options);

// A series selector on its own, as in match[]: `up{job="node"}`. The metric name is a matcher too.
Result<std::vector<LabelMatcher>> parse_selector(std::string_view text);

// "line:column" of a byte of the query, both from 1.
std::string line_and_column(std::string_view text, std::uint32_t at);

}  // namespace narthex::promql
