// SPDX-License-Identifier: Apache-2.0
// grouping_key.hpp - the labels that a push's path names: job/NAME{/LABEL/VALUE}, values in base64
// where the name says so. Pure.
#pragma once

#include "plugins/ingest/pushgateway/names.hpp"

#include <narthex/sdk/result.hpp>

#include <map>
#include <string>
#include <string_view>

namespace narthex::ingest::pushgateway {

// Sorted; empty values are part of the key.
using GroupingKey = std::map<std::string, std::string, std::less<>>;

// Reads what stands after /metrics/, percent escapes undone: "job/a/instance/b". NX_ERR_NOT_FOUND
// when it is no path of a group, else the gateway's own words.
Result<GroupingKey> parse_grouping_key(std::string_view path, NameRule rule);

// The path without empty, "." and ".." segments; equal to path when it has none.
std::string clean_path(std::string_view path);

}  // namespace narthex::ingest::pushgateway
