// SPDX-License-Identifier: Apache-2.0
// arithmetic.hpp - binary operators on two elements, floats or histograms. Pure.
#pragma once

#include "promql/context.hpp"
#include "promql/token.hpp"

#include <cstdint>

#include <cstdint>
#include <span>

namespace narthex::promql {

struct Element {
  double v = 0;
  const nx_histogram* h = nullptr;
};

struct ElementResult {
  Element value;
  bool keep = false;      // for comparisons: whether it holds
  bool computed = false;  // false: the operator means nothing for these types
};

// On floats alone; a comparison yields its left side in value.
ElementResult combine_floats(TokenKind op, double a, double b);

// The same for a row of floats. Elements whose present is 0 may hold anything; a comparison that
// does not hold takes its element away, unless return_bool asks for 1 or 0.
void combine_rows(TokenKind op, bool return_bool, std::span<const double> a, const double* b,
                  double* out, std::uint8_t* present);

// Where at least one is a histogram. Adds the annotation when the types do not fit.
ElementResult combine(Context& context, TokenKind op, const Element& a, const Element& b,
                      Position where);

// Whether the result is something else than its operands were: then the metric name goes.
bool changes_meaning(TokenKind op);

}  // namespace narthex::promql
