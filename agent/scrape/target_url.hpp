// SPDX-License-Identifier: Apache-2.0
// target_url.hpp - writes a target's URL, escaped as Go's net/url escapes it: that is how
// Prometheus shows it. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::scrape {

// A parameter of the query; the same name may come several times, in order.
using UrlParam = std::pair<std::string_view, std::string_view>;

struct TargetUrl {
  std::string_view scheme;
  std::string_view host;             // with or without a port
  std::string_view path;             // a leading '/' is added when it lacks one
  std::span<const UrlParam> params;  // sorted by name
};
std::string to_string(const TargetUrl& url);

}  // namespace narthex::scrape
