// SPDX-License-Identifier: Apache-2.0
// action.hpp - what a relabeling rule does. Private to this room.
#pragma once

#include "regex/regex.hpp"
#include "relabel/options.hpp"

#include <optional>
#include <string_view>

namespace narthex::relabel {

enum class Action : unsigned char {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase,
};

std::string_view action_name(Action action);
// Letter case is of no matter, as in Prometheus.
std::optional<Action> parse_action(std::string_view text);
// The rule's expression; failures are worded as Prometheus words them.
Result<regex::Regex> compile_regex(const RuleOptions& rule);

}  // namespace narthex::relabel
