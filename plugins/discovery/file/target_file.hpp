// SPDX-License-Identifier: Apache-2.0
// target_file.hpp - what a target file is called, and what is in it. Pure: no files, no clock.
#pragma once

#include <narthex/sdk/discovery.hpp>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::file_discovery {

// "dir/name.json", "dir/web-*.yml": only the last part of a path may have a '*'.
Status check_pattern(std::string_view pattern);

// NX_TEXT_* by the end of the name; REQUIRES: check_pattern() was content.
std::uint32_t format_of(std::string_view path);

// The groups of a parsed file, each with the label __meta_filepath and "path:index" as source. JSON
// and YAML: a list of groups. TOML, which has no list at its top: the tables of [[groups]].
Result<std::vector<sdk::TargetGroup>> read_target_file(const std::string& path, sdk::Value tree);

// The source of a file's group.
std::string source_of(const std::string& path, std::size_t index);

}  // namespace narthex::file_discovery
