// SPDX-License-Identifier: Apache-2.0
// text_fields.hpp - cutting the kernel's texts into lines, words and numbers. Pure, no allocation.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace narthex::exporter_node {

// The next line without its end; text is shortened by it. Empty text gives an empty line.
inline std::string_view next_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The next word between blanks; empty at the end of text.
inline std::string_view next_word(std::string_view& text) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

inline std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

template <class N>
std::optional<N> to_number(std::string_view word) noexcept {
  N number{};
  const auto end = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.empty() || end.ec != std::errc() || end.ptr != word.data() + word.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace narthex::exporter_node
