// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/file/target_file.hpp"

#include <narthex/host.h>
#include <narthex/sdk/target_list.hpp>

#include <utility>

namespace narthex::file_discovery {
namespace {

constexpr std::pair<std::string_view, std::uint32_t> kEndings[] = {
    {".json", NX_TEXT_JSON}, {".JSON", NX_TEXT_JSON}, {".yml", NX_TEXT_YAML},
    {".YML", NX_TEXT_YAML},  {".yaml", NX_TEXT_YAML}, {".YAML", NX_TEXT_YAML},
    {".toml", NX_TEXT_TOML}, {".TOML", NX_TEXT_TOML},
};

}  // namespace

Status check_pattern(std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  const bool last_part =
      star == std::string_view::npos || pattern.find('/', star) == std::string_view::npos;
  for (const auto& [ending, format] : kEndings) {
    if (last_part && pattern.ends_with(ending)) return {};
  }
  return invalid_config("path name \"" + std::string(pattern) +
                        "\" is not valid for file discovery");
}

std::uint32_t format_of(std::string_view path) {
  for (const auto& [ending, format] : kEndings) {
    if (path.ends_with(ending)) return format;
  }
  return NX_TEXT_JSON;
}

std::string source_of(const std::string& path, std::size_t index) {
  return path + ':' + std::to_string(index);
}

Result<std::vector<sdk::TargetGroup>> read_target_file(const std::string& path, sdk::Value tree) {
  const std::uint32_t format = format_of(path);
  if (format == NX_TEXT_TOML) {
    for (const nx_kv& entry : tree.entries()) {
      if (view(entry.key) == "groups") continue;
      return invalid_data("unknown field \"" + std::string(view(entry.key)) +
                          "\": target groups are [[groups]]");
    }
    tree = tree["groups"];
  }
  auto groups = sdk::read_target_groups(
      tree, format == NX_TEXT_JSON ? sdk::Scalars::kTextOnly : sdk::Scalars::kAnyKind);
  if (!groups.ok()) return groups;
  for (std::size_t i = 0; i < groups->size(); ++i) {
    sdk::TargetGroup& group = (*groups)[i];
    group.source = source_of(path, i);
    group.labels.set("__meta_filepath", path);
  }
  return groups;
}

}  // namespace narthex::file_discovery
