// SPDX-License-Identifier: Apache-2.0
// target_list.hpp - reads target groups as Prometheus writes them in files and over HTTP:
//   [{"targets": ["host:port", ...], "labels": {"name": "value", ...}}, ...]
// Pure. One bad group refuses the list: stale targets are better than half of the new ones.
#pragma once

#include <narthex/sdk/discovery.hpp>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::sdk {

enum class Scalars {
  kTextOnly,  // JSON: a number is no text
  kAnyKind,   // YAML: `port: 80` is the text "80"
};

namespace detail {

inline Status text_of(Value value, Scalars scalars, std::string_view what, std::string& out) {
  if (value.type() == NX_STRING) {
    out = value.get<std::string>();
    return {};
  }
  if (scalars == Scalars::kAnyKind) {
    char digits[32];
    std::to_chars_result end{digits, {}};
    switch (value.type()) {
      case NX_BOOL:
        out = value.get<bool>() ? "true" : "false";
        return {};
      case NX_INT:
        end = std::to_chars(digits, digits + sizeof digits, value.get<std::int64_t>());
        break;
      case NX_FLOAT:
        end = std::to_chars(digits, digits + sizeof digits, value.get<double>());
        break;
      case NX_NULL:
        out.clear();
        return {};
      default:
        break;
    }
    if (end.ptr != digits) {
      out.assign(digits, end.ptr);
      return {};
    }
  }
  return invalid_data(std::string(what) + " must be text");
}

inline Status read_targets(Value list, Scalars scalars, TargetGroup& group) {
  if (list.raw() == nullptr || list.type() == NX_NULL) return {};
  if (list.type() != NX_ARRAY) return invalid_data("targets must be a list");
  group.targets.reserve(list.items().size());
  for (const nx_value& item : list.items()) {
    std::string address;
    const Status read = text_of(Value(&item), scalars, "a target", address);
    if (!read.ok()) return read;
    group.targets.push_back({{"__address__", std::move(address)}});
  }
  return {};
}

inline Status read_labels(Value table, Scalars scalars, TargetGroup& group) {
  if (table.raw() == nullptr || table.type() == NX_NULL) return {};
  if (table.type() != NX_TABLE) return invalid_data("labels must be a table");
  for (const nx_kv& entry : table.entries()) {
    const std::string_view name = view(entry.key);
    if (name.empty()) return invalid_data("\"\" is not a valid label name");
    std::string value;
    const Status read =
        text_of(Value(&entry.value), scalars, "label \"" + std::string(name) + "\"", value);
    if (!read.ok()) return read;
    group.labels.set(name, value);
  }
  return {};
}

inline Status read_group(Value item, Scalars scalars, TargetGroup& group) {
  if (item.type() == NX_NULL) return invalid_data("nil target group item found");
  if (item.type() != NX_TABLE) return invalid_data("a target group must be a table");
  for (const nx_kv& entry : item.entries()) {
    const std::string_view key = view(entry.key);
    if (key != "targets" && key != "labels") {
      return invalid_data("unknown field \"" + std::string(key) + "\"");
    }
  }
  const Status targets = read_targets(item["targets"], scalars, group);
  return targets.ok() ? read_labels(item["labels"], scalars, group) : targets;
}

}  // namespace detail

// The groups of a list, each with its index as source. No list at all is an empty one.
inline Result<std::vector<TargetGroup>> read_target_groups(Value list, Scalars scalars) {
  std::vector<TargetGroup> groups;
  if (list.type() == NX_NULL) return groups;
  if (list.type() != NX_ARRAY) return invalid_data("target groups must be a list");
  groups.reserve(list.items().size());
  for (const nx_value& item : list.items()) {
    TargetGroup group;
    group.source = std::to_string(groups.size());
    const Status read = detail::read_group(Value(&item), scalars, group);
    if (!read.ok()) return read.with_prefix("group " + group.source);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace narthex::sdk
