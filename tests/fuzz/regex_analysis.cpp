// SPDX-License-Identifier: Apache-2.0
// "pattern\0text": what the analysis makes of an expression is what RE2 makes of it.
#include "regex/regex.hpp"

#include <re2/re2.h>

#include <algorithm>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(all.find('\0'), all.size());
  const std::string pattern = all.substr(0, end);
  const std::string text = end < all.size() ? all.substr(end + 1) : pattern;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(8 << 20);
  const RE2 twin(pattern, options);
  const auto made = narthex::regex::Regex::compile(pattern);
  // Where the two differ on purpose: `(?<name>`, `\C`, deep nesting.
  if (!made.ok()) return 0;
  if (!twin.ok()) return 0;
  // '.' of the fast paths takes any byte, as Go does; RE2's takes characters.
  const auto byte = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  for (const char c : all) {
    if (!byte(c)) return 0;
  }
  const bool matches = RE2::FullMatch(text, twin);
  if (made->matches(text) != matches) std::abort();
  if (matches && !text.starts_with(made->prefix())) std::abort();
  std::string out;
  if (made->expand(text, "<$0>", out) != matches) std::abort();
  if (matches && out != "<" + text + ">") std::abort();
  std::size_t count = 0;
  for (const std::string& literal : made->literals()) {
    if (++count > 100) break;
    if (!RE2::FullMatch(literal, twin)) std::abort();
  }
  return 0;
}
