// SPDX-License-Identifier: Apache-2.0
#include "relabel/relabel.hpp"

#include "relabel/action.hpp"
#include "relabel/letter_case.hpp"
#include "relabel/md5.hpp"

#include <array>
#include <charconv>

namespace narthex::relabel {

struct Program::Rule {
  Action action;
  std::vector<std::string> sources;
  std::string separator;
  regex::Regex regex;
  std::uint64_t modulus;
  std::string target;
  std::string replacement;
  bool target_is_plain;  // no `$1` in it
  bool replacement_is_plain;

  std::string_view source(const Labels& labels) const;
  bool apply(Labels& labels) const;
  void replace(std::string_view value, Labels& labels) const;
  void hash(std::string_view value, Labels& labels) const;
  void map_names(Labels& labels) const;
};

namespace {

// What rules write into before it goes into the labels. A thread keeps its buffers, so that rules
// allocate only for what is stored.
struct Scratch {
  std::string joined;
  std::string name;
  std::string value;
};
Scratch& scratch() {
  thread_local Scratch buffers;
  return buffers;
}

bool may_have_references(std::string_view text) { return text.find('$') != std::string_view::npos; }

// Setting what is there already must not touch the set.
void set(Labels& labels, std::string_view name, std::string_view value) {
  if (labels.get(name) != value) labels.set(name, value);
}

}  // namespace

// The values of the source labels with the separator between them. One label needs no copy.
std::string_view Program::Rule::source(const Labels& labels) const {
  if (sources.empty()) return {};
  if (sources.size() == 1) return labels.get(sources.front());
  std::string& joined = scratch().joined;
  joined.clear();
  for (const std::string& name : sources) {
    if (&name != &sources.front()) joined += separator;
    joined += labels.get(name);
  }
  return joined;
}

bool Program::Rule::apply(Labels& labels) const {
  switch (action) {
    case Action::kKeep:
      return regex.matches(source(labels));
    case Action::kDrop:
      return !regex.matches(source(labels));
    case Action::kKeepEqual:
      return labels.get(target) == source(labels);
    case Action::kDropEqual:
      return labels.get(target) != source(labels);
    case Action::kReplace:
      replace(source(labels), labels);
      return true;
    case Action::kHashMod:
      hash(source(labels), labels);
      return true;
    case Action::kLabelMap:
      map_names(labels);
      return true;
    case Action::kLabelDrop:
      labels.erase_if([&](const Labels::Entry& e) { return regex.matches(e.first); });
      return true;
    case Action::kLabelKeep:
      labels.erase_if([&](const Labels::Entry& e) { return !regex.matches(e.first); });
      return true;
    case Action::kLowercase:
    case Action::kUppercase: {
      std::string& value = scratch().value;
      value.clear();
      (action == Action::kLowercase ? append_lower : append_upper)(source(labels), value);
      set(labels, target, value);
      return true;
    }
  }
  return true;
}

void Program::Rule::replace(std::string_view value, Labels& labels) const {
  Scratch& buffers = scratch();
  std::string_view name = target;
  std::string_view written = replacement;
  if (target_is_plain && replacement_is_plain) {
    if (!regex.matches(value)) return;
    set(labels, name, written);
    return;
  }
  if (!target_is_plain) {
    buffers.name.clear();
    if (!regex.expand(value, target, buffers.name)) return;
    name = buffers.name;
    if (name.empty()) return;
  }
  buffers.value.clear();
  if (!regex.expand(value, replacement, buffers.value)) return;
  written = buffers.value;
  set(labels, name, written);
}

void Program::Rule::hash(std::string_view value, Labels& labels) const {
  const std::array<std::uint8_t, 16> sum = md5(value);
  std::uint64_t number = 0;
  for (std::size_t i = 8; i < sum.size(); ++i) number = number << 8 | sum[i];
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number % modulus);
  set(labels, target, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

// Copies labels to the names that theirs expand to. New labels are not looked at again.
void Program::Rule::map_names(Labels& labels) const {
  std::vector<Labels::Entry> copies;
  for (const auto& [name, value] : labels) {
    std::string to;
    if (regex.expand(name, replacement, to) && !to.empty())
      copies.emplace_back(std::move(to), value);
  }
  for (const auto& [name, value] : copies) set(labels, name, value);
}

Result<Program> Program::compile(std::span<const RuleOptions> rules) {
  Program program;
  program.rules_.reserve(rules.size());
  for (const RuleOptions& options : rules) {
    const Status checked = check(options);
    if (!checked.ok()) {
      return checked.with_prefix("relabel rule " + std::to_string(program.rules_.size() + 1));
    }
    program.rules_.push_back(std::make_shared<const Rule>(Rule{
        *parse_action(options.action),
        options.source_labels,
        options.separator,
        *compile_regex(options),
        options.modulus,
        options.target_label,
        options.replacement,
        !may_have_references(options.target_label),
        !may_have_references(options.replacement),
    }));
  }
  return program;
}

bool Program::apply(Labels& labels) const { return apply_first(rules_.size(), labels); }

bool Program::apply_first(std::size_t count, Labels& labels) const {
  for (std::size_t i = 0; i < count && i < rules_.size(); ++i) {
    if (!rules_[i]->apply(labels)) return false;
  }
  return true;
}

}  // namespace narthex::relabel
