// SPDX-License-Identifier: Apache-2.0
#include "check/samples.hpp"

#include <algorithm>

namespace narthex::check {
namespace {

using host::OptionFormat;
using host::SchemaNode;

constexpr int kDepthMax = 6;

unsigned types_of(const SchemaNode& node) {
  if (node.types != 0) return node.types;
  if (!node.properties.empty() || !node.branches.empty()) return host::kTypeObject;
  return node.base != nullptr ? types_of(*node.base) : 0;
}

bool is_required(const SchemaNode& node, std::string_view name) {
  return std::find(node.required.begin(), node.required.end(), name) != node.required.end();
}

std::string text_of(OptionFormat format, const std::string& folder, std::uint64_t pick) {
  switch (format) {
    case OptionFormat::kDuration:
      return pick == 0 ? "30s" : pick == 1 ? "1ms" : "1y2w";
    case OptionFormat::kBytes:
      return pick == 0 ? "1MiB" : pick == 1 ? "1B" : "3GiB";
    case OptionFormat::kRegex:
      return pick == 0 ? "a.*" : pick == 1 ? "" : "(?:x|y)+[0-9]{1,3}";
    case OptionFormat::kPath:
      return pick == 0 ? folder + "/file" : folder + "/not/there";
    case OptionFormat::kUrl:
      return pick == 0 ? "http://127.0.0.1:9/path" : "https://[::1]:9/?a=b";
    case OptionFormat::kHostPort:
      return pick == 0 ? "127.0.0.1:9" : "localhost:65535";
    case OptionFormat::kSecret:
      return std::string(kSecret);
    case OptionFormat::kNone:
      break;
  }
  return {};
}

}  // namespace

nx_value Samples::plain() {
  wild_ = false;
  return make(root_, 0);
}

nx_value Samples::wild() {
  wild_ = true;
  return make(root_, 0);
}

nx_value Samples::make(const SchemaNode& node, int depth) {
  if (!wild_ || below(4) == 0) {
    if (!node.examples.empty()) return *node.examples[wild_ ? below(node.examples.size()) : 0];
    if (!wild_ && node.otherwise != nullptr) return *node.otherwise;
  }
  if (!node.allowed.empty()) return *node.allowed[wild_ ? below(node.allowed.size()) : 0];
  const unsigned types = types_of(node);
  if ((types & host::kTypeObject) != 0) return table(node, depth);
  if ((types & host::kTypeArray) != 0) return list(node, depth);
  if ((types & host::kTypeInteger) != 0) return number(node, true);
  if ((types & host::kTypeNumber) != 0) return number(node, false);
  if ((types & host::kTypeBoolean) != 0) return arena_.boolean(wild_ && below(2) == 0);
  return text(node);
}

void Samples::add_properties(const SchemaNode& node, int depth, std::vector<nx_kv>& entries,
                             std::string_view but) {
  for (const auto& [name, child] : node.properties) {
    if (name == but) continue;
    const bool needed = is_required(node, name) || (depth == 0 && !child->examples.empty());
    const bool wanted = needed || (wild_ && depth < kDepthMax && below(2) == 0);
    if (wanted) entries.push_back(arena_.entry(name, make(*child, depth + 1)));
  }
  if (node.base == nullptr) return;
  if (!wild_) return add_properties(*node.base, depth, entries, but);
  // The standard schemas have options that exclude each other: one of them at a time.
  const auto& standard = node.base->properties;
  if (standard.empty() || below(2) == 0) return;
  const auto& [name, child] = standard[below(standard.size())];
  entries.push_back(arena_.entry(name, make(*child, depth + 1)));
}

nx_value Samples::table(const SchemaNode& node, int depth) {
  std::vector<nx_kv> entries;
  if (!node.branches.empty()) {
    const SchemaNode& branch = *node.branches[wild_ ? below(node.branches.size()) : 0];
    entries.push_back(arena_.entry(node.key, *branch.property(node.key)->allowed.front()));
    add_properties(branch, depth, entries, node.key);
  }
  add_properties(node, depth, entries, node.key);
  return arena_.table(entries);
}

nx_value Samples::list(const SchemaNode& node, int depth) {
  const std::uint64_t least = node.items_min.value_or(0);
  const std::uint64_t most = std::min(node.items_max.value_or(least + 8), least + 8);
  const std::uint64_t count = wild_ ? least + below(most - least + 1) : least;
  std::vector<nx_value> items;
  if (node.items == nullptr || depth >= kDepthMax) return arena_.array(items);
  for (std::uint64_t i = 0; i < count; ++i) items.push_back(make(*node.items, depth + 1));
  return arena_.array(items);
}

nx_value Samples::number(const SchemaNode& node, bool whole) {
  const double least = node.minimum.value_or(wild_ ? -1e9 : 0);
  const double most = node.maximum.value_or(std::max(least, wild_ ? 1e9 : 1));
  const std::uint64_t pick = wild_ ? below(3) : 0;
  const double value = pick == 0 ? least : pick == 1 ? most : (least + most) / 2;
  return whole ? arena_.integer(static_cast<std::int64_t>(value)) : arena_.number(value);
}

nx_value Samples::text(const SchemaNode& node) {
  if (node.format != OptionFormat::kNone) {
    return arena_.string(text_of(node.format, folder_, wild_ ? below(3) : 0));
  }
  const std::uint64_t least = node.length_min.value_or(0);
  const std::uint64_t most = node.length_max.value_or(64 * 1024);
  constexpr std::uint64_t kLengths[] = {0, 1, 3, 200, 64 * 1024};
  const std::uint64_t length =
      std::clamp(wild_ ? kLengths[below(5)] : 1, least, std::max(least, most));
  std::string made;
  while (made.size() < length)
    made += wild_ && made.size() + 2 <= length && below(3) == 0 ? "\xC3\xA9" : "x";
  return arena_.string(made);
}

}  // namespace narthex::check
