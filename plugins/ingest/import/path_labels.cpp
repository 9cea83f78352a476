// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/import/path_labels.hpp"

#include <narthex/sdk/quote.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace narthex::ingest::import {
namespace {

constexpr std::string_view kBase64 = "@base64";

std::string_view take_segment(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c == '+' ? '-' : c == '/' ? '_' : c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return out;
}

}  // namespace

Result<sdk::OwnedLabels> parse_path_labels(std::string_view path) {
  sdk::OwnedLabels labels;
  while (!path.empty()) {
    std::string_view name = take_segment(path);
    const bool base64 = name.ends_with(kBase64);
    if (base64) name.remove_suffix(kBase64.size());
    if (name.empty()) return invalid_argument("a label without a name in the path");
    if (path.empty() && !base64) {
      return invalid_argument("label " + sdk::quote_excerpt(name) + " in the path has no value");
    }
    const std::string_view value = take_segment(path);
    const std::optional<std::string> decoded = base64 ? decode_base64(value) : std::string(value);
    if (!decoded) {
      return invalid_argument("the value of label " + sdk::quote_excerpt(name) +
                              " in the path is not base64: " + sdk::quote_excerpt(value));
    }
    labels.emplace_back(name, *decoded);
  }
  return labels;
}

}  // namespace narthex::ingest::import
