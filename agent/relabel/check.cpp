// SPDX-License-Identifier: Apache-2.0
#include "relabel/action.hpp"
#include "relabel/relabel.hpp"

#include <algorithm>
#include <utility>

namespace narthex::relabel {
namespace {

constexpr std::pair<std::string_view, Action> kActions[] = {
    {"replace", Action::kReplace},     {"keep", Action::kKeep},
    {"drop", Action::kDrop},           {"keepequal", Action::kKeepEqual},
    {"dropequal", Action::kDropEqual}, {"hashmod", Action::kHashMod},
    {"labelmap", Action::kLabelMap},   {"labeldrop", Action::kLabelDrop},
    {"labelkeep", Action::kLabelKeep}, {"lowercase", Action::kLowercase},
    {"uppercase", Action::kUppercase},
};

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

bool one_of(Action action, std::initializer_list<Action> actions) {
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}

bool is_default(const RuleOptions& rule, bool replacement_too) {
  const RuleOptions defaults;
  return rule.modulus == 0 && rule.separator == defaults.separator &&
         (!replacement_too || rule.replacement == defaults.replacement);
}

Status check_fields(const RuleOptions& rule, Action action, std::string_view name) {
  const std::string a(name);
  if (action == Action::kHashMod && rule.modulus == 0) {
    return invalid_config("relabel configuration for hashmod requires non-zero modulus");
  }
  const bool writes_or_compares =
      one_of(action, {Action::kReplace, Action::kKeepEqual, Action::kDropEqual, Action::kHashMod,
                      Action::kLowercase, Action::kUppercase});
  if (writes_or_compares && rule.target_label.empty()) {
    return invalid_config("relabel configuration for " + a +
                          " action requires 'target_label' value");
  }
  const bool takes_no_replacement = one_of(
      action, {Action::kLowercase, Action::kUppercase, Action::kKeepEqual, Action::kDropEqual});
  if (takes_no_replacement && rule.replacement != RuleOptions().replacement) {
    return invalid_config("'replacement' can not be set for " + a + " action");
  }
  if (action == Action::kLabelMap && rule.replacement.empty()) {
    return invalid_config("\"\" is invalid 'replacement' for " + a + " action");
  }
  if (one_of(action, {Action::kKeepEqual, Action::kDropEqual}) &&
      (rule.has_regex || !is_default(rule, true))) {
    return invalid_config(
        a + " action requires only 'source_labels' and `target_label`, and no other fields");
  }
  if (one_of(action, {Action::kLabelDrop, Action::kLabelKeep}) &&
      (!rule.source_labels.empty() || !rule.target_label.empty() || !is_default(rule, true))) {
    return invalid_config(a + " action requires only 'regex', and no other fields");
  }
  return {};
}

// Prometheus compiles the expression with its anchors, and its messages show them.
std::string with_anchors(std::string_view pattern, std::string message) {
  const std::string anchored = "^(?s:" + std::string(pattern) + ")$";
  const std::size_t fragment = message.find(": `");
  const std::string_view what = std::string_view(message).substr(0, fragment);
  if (what.ends_with("missing closing )") || what.ends_with("unexpected )")) {
    return std::string(what) + ": `" + anchored + '`';
  }
  if (what.ends_with("trailing backslash at end of expression")) {
    return "error parsing regexp: missing closing ): `" + anchored + '`';
  }
  if (what.ends_with("missing closing ]")) message.insert(message.size() - 1, ")$");
  return message;
}

}  // namespace

std::string_view action_name(Action action) {
  for (const auto& [name, value] : kActions) {
    if (value == action) return name;
  }
  return {};
}

std::optional<Action> parse_action(std::string_view text) {
  const auto same = [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b | 0x20 : b); };
  for (const auto& [name, action] : kActions) {
    if (std::equal(name.begin(), name.end(), text.begin(), text.end(), same)) return action;
  }
  return std::nullopt;
}

Result<regex::Regex> compile_regex(const RuleOptions& rule) {
  auto made = regex::Regex::compile(rule.regex);
  if (made.ok()) return made;
  return invalid_config(with_anchors(rule.regex, made.status().message()));
}

Status check(const RuleOptions& rule) {
  const std::optional<Action> action = parse_action(rule.action);
  if (!action) return invalid_config("unknown relabel action " + quoted(rule.action));
  const auto made = compile_regex(rule);
  if (!made.ok()) return made.status();
  for (const std::string& name : rule.source_labels) {
    if (name.empty()) return invalid_config("\"\" is not a valid label name");
  }
  return check_fields(rule, *action, action_name(*action));
}

}  // namespace narthex::relabel
