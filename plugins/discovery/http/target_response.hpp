// SPDX-License-Identifier: Apache-2.0
// target_response.hpp - what a server of target groups may answer, and what its URL may be. Pure.
#pragma once

#include <narthex/sdk/discovery.hpp>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::http_discovery {

// In Prometheus's words: "URL is missing", ...
Status check_url(std::string_view url);

// A usable answer is 200 with JSON in UTF-8.
Status check_response(int status, std::string_view content_type);

// The groups of the parsed body, each with the label __meta_url and "url:index" as source.
Result<std::vector<sdk::TargetGroup>> read_groups(const std::string& url, sdk::Value tree);

// A duration as Go prints its seconds: "60", "0.5".
std::string seconds_text(std::int64_t ms);

}  // namespace narthex::http_discovery
