// SPDX-License-Identifier: Apache-2.0
#include "scrape/target_url.hpp"

#include <algorithm>
#include <utility>

namespace narthex::scrape {
namespace {

// What may stand as it is beside letters, digits and "-_.~".
constexpr std::string_view kPathExtra = "$&+,/:;=@";
constexpr std::string_view kHostExtra = "!$&'()*+,;=:[]<>\"";

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

void append_escaped(std::string& out, std::string_view text, std::string_view extra) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c) || extra.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    ((out += '%') += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
}

// As a form does: a space is a plus.
void append_query_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    append_escaped(out, text.substr(0, space), {});
    if (space == text.size()) return;
    out += '+';
    text.remove_prefix(space + 1);
  }
}

}  // namespace

std::string to_string(const TargetUrl& url) {
  std::string out(url.scheme);
  if (!out.empty()) out += ':';
  out += "//";
  append_escaped(out, url.host, kHostExtra);
  if (!url.path.empty() && url.path.front() != '/') out += '/';
  append_escaped(out, url.path, kPathExtra);
  char separator = '?';
  for (const auto& [name, value] : url.params) {
    out += std::exchange(separator, '&');
    append_query_escaped(out, name);
    out += '=';
    append_query_escaped(out, value);
  }
  return out;
}

}  // namespace narthex::scrape
