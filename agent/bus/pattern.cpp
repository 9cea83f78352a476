// SPDX-License-Identifier: Apache-2.0
#include "bus/pattern.hpp"

#include <algorithm>
#include <cstddef>

namespace narthex::bus {
namespace {

constexpr std::size_t kNameBytesMax = 255;

bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

bool is_topic_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  char previous = '.';
  for (const char c : name) {
    if (c == '.' ? previous == '.' : !is_name_byte(c)) return false;
    previous = c;
  }
  return previous != '.';
}

bool is_pattern(std::string_view pattern) noexcept {
  if (pattern == ">") return true;
  if (pattern.ends_with(".*") || pattern.ends_with(".>")) pattern.remove_suffix(2);
  return is_topic_name(pattern);
}

bool matches(std::string_view pattern, std::string_view topic) noexcept {
  const char last = pattern.back();
  if (last != '*' && last != '>') return pattern == topic;
  pattern.remove_suffix(1);  // what remains is empty or ends in a dot
  if (topic.size() <= pattern.size() || !topic.starts_with(pattern)) return false;
  return last == '>' || topic.find('.', pattern.size()) == std::string_view::npos;
}

}  // namespace narthex::bus
