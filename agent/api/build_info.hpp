// SPDX-License-Identifier: Apache-2.0
// build_info.hpp - what /version and status/buildinfo say. Clients compare `version` with
// Prometheus's, so that ours stands behind the '+' that comparisons ignore.
#pragma once

#include <string>
#include <string_view>

namespace narthex::api {

// The Prometheus whose behaviour we answer with.
inline constexpr std::string_view kReferenceVersion = "3.5.3";

std::string build_info_json(std::string_view agent_version);

}  // namespace narthex::api
