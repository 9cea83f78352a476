// SPDX-License-Identifier: Apache-2.0
#include "cli/time_option.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <cmath>
#include <cstdio>
#include <ctime>

namespace narthex::cli {

namespace {

constexpr double kSecondsMax = 9e15;

// What follows the seconds: [.fraction] and Z or +hh:mm.
bool read_rest(std::string_view rest, std::int64_t& ms) {
  if (rest.starts_with('.')) {
    std::size_t end = 1;
    while (end < rest.size() && rest[end] >= '0' && rest[end] <= '9') ++end;
    double fraction = 0;
    if (end == 1 || sdk::parse_number("0" + std::string(rest.substr(0, end)), fraction) !=
                        sdk::NumberError::kNone) {
      return false;
    }
    ms += std::llround(fraction * 1000);
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return true;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
  int hours = 0, minutes = 0;
  if (std::sscanf(std::string(rest.substr(1)).c_str(), "%2d:%2d", &hours, &minutes) != 2) {
    return false;
  }
  ms += (rest[0] == '-' ? 1 : -1) * (hours * 60 + minutes) * std::int64_t{60'000};
  return true;
}

}  // namespace

Result<std::int64_t> parse_time(const std::string& text) {
  double seconds = 0;
  if (sdk::parse_number(text, seconds) == sdk::NumberError::kNone &&
      std::fabs(seconds) < kSecondsMax) {
    return std::llround(seconds * 1000);
  }
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::int64_t ms = 0;
  if (rest == nullptr || !read_rest(rest, ms)) {
    return invalid_argument("neither Unix seconds nor RFC 3339: " + sdk::quote_excerpt(text));
  }
  return static_cast<std::int64_t>(timegm(&parts)) * 1000 + ms;
}

std::string time_text(std::int64_t t_ms) {
  constexpr std::int64_t kLastMs = 253'402'300'799'999;  // of the year 9999
  if (t_ms < 0 || t_ms > kLastMs) return std::to_string(t_ms) + " ms";
  const std::time_t seconds = t_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text, size) + "." + std::to_string(1000 + t_ms % 1000).substr(1) + "Z";
}

Result<blocks::TimeRange> parse_range(const PickOptions& options) {
  blocks::TimeRange range;
  if (!options.min_time.empty()) {
    const Result<std::int64_t> t = parse_time(options.min_time);
    if (!t.ok()) return t.status().with_prefix("--min-time");
    range.min_t = *t;
  }
  if (!options.max_time.empty()) {
    const Result<std::int64_t> t = parse_time(options.max_time);
    if (!t.ok()) return t.status().with_prefix("--max-time");
    range.max_t = *t;
  }
  if (range.min_t > range.max_t) return invalid_argument("--min-time is after --max-time");
  return range;
}

Result<Pick> parse_pick(const PickOptions& options) {
  const Result<blocks::TimeRange> range = parse_range(options);
  if (!range.ok()) return range.status();
  Result<std::vector<transfer::Selector>> selectors = transfer::parse_selectors(options.matchers);
  if (!selectors.ok()) return selectors.status().with_prefix("--match");
  return Pick{*range, *std::move(selectors)};
}

}  // namespace narthex::cli
