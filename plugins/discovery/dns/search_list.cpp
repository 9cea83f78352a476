// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/search_list.hpp"

#include <algorithm>
#include <charconv>

namespace narthex::dns_discovery {
namespace {

constexpr int kDotsMax = 15;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return out;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string with_dot(std::string_view name) {
  std::string out(name);
  if (!out.ends_with('.')) out += '.';
  return out;
}

void read_option(std::string_view option, SearchList& list) {
  constexpr std::string_view kDots = "ndots:";
  if (!option.starts_with(kDots)) return;
  option.remove_prefix(kDots.size());
  int dots = 0;
  const auto read = std::from_chars(option.data(), option.data() + option.size(), dots);
  if (read.ec == std::errc()) list.dots_min = std::clamp(dots, 0, kDotsMax);
}

}  // namespace

SearchList parse_resolv_conf(std::string_view text) {
  SearchList list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> line = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() < 2) continue;
    if (line[0] == "search") list.domains.assign(line.begin() + 1, line.end());
    if (line[0] == "domain") list.domains.assign(line.begin() + 1, line.begin() + 2);
    if (line[0] != "options") continue;
    for (const std::string_view option : line) read_option(option, list);
  }
  return list;
}

std::vector<std::string> names_of(const SearchList& list, std::string_view name) {
  if (name.ends_with('.')) return {std::string(name)};
  const auto labels = std::count(name.begin(), name.end(), '.') + 1;
  const std::string whole = with_dot(name);
  std::vector<std::string> names;
  const bool whole_first = labels > list.dots_min;
  if (whole_first) names.push_back(whole);
  for (const std::string& domain : list.domains) {
    names.push_back(domain == "." ? whole : with_dot(whole + domain));
  }
  if (!whole_first) names.push_back(whole);
  return names;
}

}  // namespace narthex::dns_discovery
