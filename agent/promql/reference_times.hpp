// SPDX-License-Identifier: Apache-2.0
// reference_times.hpp - the instant that a selector or subquery looks at for each step, after `@`
// and `offset`. A value.
#pragma once

#include "promql/ast.hpp"
#include "promql/context.hpp"
#include "promql/grid.hpp"

#include <cstdint>
#include <vector>

namespace narthex::promql {

struct ReferenceTimes {
  Grid grid;
  bool fixed = false;  // the same instant for every step
  std::int64_t fixed_ms = 0;
  std::int64_t offset_ms = 0;

  ReferenceTimes(const Context& context, const TimeShift& shift, const Grid& steps);

  std::int64_t at(std::uint32_t step) const {
    return (fixed ? fixed_ms : grid.at(step)) - offset_ms;
  }
  std::int64_t first() const { return at(0); }
  std::int64_t last() const { return at(grid.count - 1); }
  Column<std::int64_t> times() const {
    Column<std::int64_t> out(grid.count);
    for (std::uint32_t i = 0; i < grid.count; ++i) out[i] = at(i);
    return out;
  }
};

// Milliseconds of a duration expression, whose errors check_durations() has found before.
std::int64_t duration_ms(const Context& context, const DurationExpr& expr);
std::int64_t range_of(const Context& context, const MatrixSelector& matrix);

// The first duration expression that yields no duration; kNone when all do.
QueryError check_durations(const Expr& root, const RunOptions& options);

}  // namespace narthex::promql
