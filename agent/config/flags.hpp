// SPDX-License-Identifier: Apache-2.0
// flags.hpp - the flags of `serve`: Prometheus's and ours, what they default to, and what they do.
#pragma once

#include <narthex/sdk/result.hpp>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::config {

enum class FlagKind { kBool, kText, kList, kDuration, kBytes, kCount, kNumber };
enum class FlagUse {
  kOurs,     // not one of Prometheus's: not in /api/v1/status/flags
  kWorks,    // Prometheus's, and does here what it does there
  kSilent,   // Prometheus's; what it asks for needs nothing here
  kIgnored,  // Prometheus's; without meaning here: a warning
  kRefused,  // Prometheus's; this version can't do it, and starting without it would mislead
};
struct Flag {
  std::string_view name;       // without dashes
  std::string_view otherwise;  // the default as Prometheus's /status/flags shows it
  FlagKind kind;
  FlagUse use;
  std::string_view help;
};

std::span<const Flag> known_flags();
const Flag* find_flag(std::string_view name);
// Whether the value is one that the flag takes: "not a valid duration string: ...".
Status check_flag(const Flag& flag, std::string_view value);

// The values that count: the last one of each flag, lists joined by commas. `--no-x` of a bool
// arrives as ("x", "false").
std::map<std::string, std::string, std::less<>> flag_values(
    const std::vector<std::pair<std::string, std::string>>& given);

}  // namespace narthex::config
