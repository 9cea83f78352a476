// SPDX-License-Identifier: Apache-2.0
// durations.hpp - duration literals: "1h30m", in milliseconds. Pure functions.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::promql {

// Units y w d h m s ms, the longest first, each once; the bounds are those of Go's Duration.
Result<std::int64_t> parse_duration_ms(std::string_view text);
std::string format_duration_ms(std::int64_t duration_ms);

}  // namespace narthex::promql
