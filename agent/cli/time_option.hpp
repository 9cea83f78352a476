// SPDX-License-Identifier: Apache-2.0
// time_option.hpp - points in time and choices of samples on the command line. Pure.
#pragma once

#include "blocks/sink.hpp"
#include "cli/tool.hpp"
#include "transfer/selectors.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::cli {

// Unix seconds with decimals, or RFC 3339 ("2026-01-31T23:59:59.5Z", "...+02:00"), as milliseconds.
Result<std::int64_t> parse_time(const std::string& text);

// "2026-01-31T23:59:59.500Z"; the milliseconds alone where there is no such year.
std::string time_text(std::int64_t t_ms);

// --min-time and --max-time.
Result<blocks::TimeRange> parse_range(const PickOptions& options);

struct Pick {
  blocks::TimeRange range;
  std::vector<transfer::Selector> selectors;
};
// These two and --match.
Result<Pick> parse_pick(const PickOptions& options);

}  // namespace narthex::cli
