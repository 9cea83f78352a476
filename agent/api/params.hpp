// SPDX-License-Identifier: Apache-2.0
// params.hpp - reads the parameters of requests as Prometheus does: times, durations, limits. Pure.
// Messages are those behind `invalid parameter "x": `.
#pragma once

#include "net/http.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::api {

// What an absent start and end mean.
inline constexpr std::int64_t kMinTimeMs = INT64_MIN / 2;
inline constexpr std::int64_t kMaxTimeMs = INT64_MAX / 2;

// What a time that no int64 can hold (NaN, Inf, 1e300) becomes after Go's conversions: the answers
// of instant queries show it.
inline constexpr std::int64_t kUnrepresentableMs = -9'223'372'036'854;

// Unix seconds with decimals, or RFC 3339.
Result<std::int64_t> parse_time_ms(std::string_view text);
// Seconds with decimals, or a Prometheus duration.
Result<std::int64_t> parse_duration_ms(std::string_view text);
// A count; empty is 0, which means no limit.
Result<std::int64_t> parse_limit(std::string_view text);

// The time under a name, or otherwise when it is absent or empty.
Result<std::int64_t> time_param(const net::Request& request, std::string_view name,
                                std::int64_t otherwise_ms);

// A label name of a path: undoes the U__ escaping of UTF-8 names.
std::string unescape_label_name(std::string_view name);

}  // namespace narthex::api
