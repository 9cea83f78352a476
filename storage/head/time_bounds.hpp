// SPDX-License-Identifier: Apache-2.0
// time_bounds.hpp - which timestamps are taken: not older than the retention, not more than ten
// minutes ahead of the clock. A value type.
#pragma once

#include <narthex/data.h>

#include <cstdint>

namespace narthex::storage::head {

struct TimeBounds {
  std::int64_t min_t;  // both inclusive
  std::int64_t max_t;

  static TimeBounds at(std::int64_t now_ms, std::int64_t max_age_ms) {
    constexpr std::int64_t kAheadMs = 10 * 60 * 1000;
    std::int64_t oldest = INT64_MIN + 1;  // the least value stands for "no time"
    if (max_age_ms > 0 && now_ms > INT64_MIN + 1 + max_age_ms) oldest = now_ms - max_age_ms;
    return {oldest, now_ms + kAheadMs};
  }
  std::uint8_t code(std::int64_t t) const {
    if (t > max_t) return NX_ROW_OUT_OF_BOUNDS;
    return t < min_t ? NX_ROW_TOO_OLD : NX_ROW_OK;
  }
};

}  // namespace narthex::storage::head
