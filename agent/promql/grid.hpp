// SPDX-License-Identifier: Apache-2.0
// grid.hpp - the instants at which an expression is evaluated: start, start + step, ... A value.
#pragma once

#include "promql/memory.hpp"

#include <cstdint>

namespace narthex::promql {

struct Grid {
  std::int64_t start_ms = 0;
  std::int64_t step_ms = 1;
  std::uint32_t count = 1;

  std::int64_t at(std::uint32_t index) const { return start_ms + step_ms * index; }
  std::int64_t end_ms() const { return at(count - 1); }
  Column<std::int64_t> times() const {
    Column<std::int64_t> out(count);
    for (std::uint32_t i = 0; i < count; ++i) out[i] = at(i);
    return out;
  }
};

}  // namespace narthex::promql
