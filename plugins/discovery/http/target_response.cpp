// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/http/target_response.hpp"

#include <narthex/sdk/target_list.hpp>

#include <algorithm>
#include <utility>

namespace narthex::http_discovery {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Takes `word` off the front of text, letter case being of no matter.
bool take(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  const bool same = std::equal(word.begin(), word.end(), text.begin(),
                               [](char a, char b) { return lower(a) == lower(b); });
  if (same) text.remove_prefix(word.size());
  return same;
}

bool is_json_type(std::string_view type) {
  if (!take(type, "application/json")) return false;
  if (type.empty()) return true;
  if (!take(type, ";")) return false;
  while (!type.empty() && (type.front() == ' ' || type.front() == '\t')) type.remove_prefix(1);
  if (!take(type, "charset=")) return false;
  return (take(type, "\"utf-8\"") || take(type, "utf-8")) && type.empty();
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f'); }

Status check_escapes(std::string_view url) {
  for (std::size_t at = url.find('%'); at != std::string_view::npos; at = url.find('%', at + 1)) {
    const std::string_view escape = url.substr(at, 3);
    if (escape.size() == 3 && is_hex(escape[1]) && is_hex(escape[2])) continue;
    return invalid_config("parse \"" + std::string(url) + "\": invalid URL escape \"" +
                          std::string(escape) + '"');
  }
  return {};
}

}  // namespace

Status check_url(std::string_view url) {
  if (url.empty()) return invalid_config("URL is missing");
  const Status escapes = check_escapes(url);
  if (!escapes.ok()) return escapes;
  std::string_view rest = url;
  if (!take(rest, "http:") && !take(rest, "https:")) {
    return invalid_config("URL scheme must be 'http' or 'https'");
  }
  if (!take(rest, "//") || rest.empty() || rest.find_first_of("/?#") == 0) {
    return invalid_config("host is missing in URL");
  }
  return {};
}

Status check_response(int status, std::string_view content_type) {
  if (status != 200) {
    return unavailable("server returned HTTP status " + std::to_string(status));
  }
  if (!is_json_type(content_type)) {
    return invalid_data("unsupported content type \"" + std::string(content_type) + '"');
  }
  return {};
}

Result<std::vector<sdk::TargetGroup>> read_groups(const std::string& url, sdk::Value tree) {
  auto groups = sdk::read_target_groups(tree, sdk::Scalars::kTextOnly);
  if (!groups.ok()) return groups;
  for (sdk::TargetGroup& group : *groups) {
    group.source = url + ':' + group.source;
    group.labels.set("__meta_url", url);
  }
  return groups;
}

std::string seconds_text(std::int64_t ms) {
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 == 0) return text;
  const std::string digits = std::to_string(1000 + ms % 1000);  // "1" and three digits
  text += '.' + digits.substr(1);
  return text.substr(0, text.find_last_not_of('0') + 1);
}

}  // namespace narthex::http_discovery
