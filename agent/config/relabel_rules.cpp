// SPDX-License-Identifier: Apache-2.0
#include "config/relabel_rules.hpp"

#include "relabel/relabel.hpp"

#include <algorithm>

namespace narthex::config {

namespace {

constexpr std::string_view kNullRule = "empty or null relabeling rule";

relabel::RuleOptions read_rule(TableReader& table) {
  relabel::RuleOptions rule;
  table.read("source_labels", rule.source_labels);
  table.read("separator", rule.separator);
  rule.has_regex = table.read("regex", rule.regex);
  table.read("modulus", rule.modulus);
  table.read("target_label", rule.target_label);
  rule.has_replacement = table.read("replacement", rule.replacement);
  table.read("action", rule.action);
  std::transform(rule.action.begin(), rule.action.end(), rule.action.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return rule;
}

}  // namespace

std::vector<relabel::RuleOptions> read_rules(TableReader& table, std::string_view key) {
  std::vector<relabel::RuleOptions> rules;
  for (TableReader& element : table.tables(key, kNullRule)) {
    const std::size_t errors_before = table.diagnostics().errors().size();
    relabel::RuleOptions rule = read_rule(element);
    element.done();
    if (table.diagnostics().errors().size() == errors_before) {
      // Rule by rule, so that the error stands at its rule.
      const Result<relabel::Program> program = relabel::Program::compile({&rule, 1});
      if (!program.ok()) {
        std::string_view message = program.status().message();
        constexpr std::string_view kNumber = "relabel rule 1: ";  // the place says which it is
        if (message.starts_with(kNumber)) message.remove_prefix(kNumber.size());
        const bool regex = message.find("regex") != std::string_view::npos && element.has("regex");
        element.error(regex ? "regex" : "", std::string(key) + ": " + std::string(message));
      }
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace narthex::config
