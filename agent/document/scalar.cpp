// SPDX-License-Identifier: Apache-2.0
// What a plain YAML scalar means. The core schema as Go's yaml.v3 reads an untyped value: numbers
// with 0x 0o 0b and underscores, .inf and .nan; yes, no, on and off stay text.
#include "document/tree.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace narthex::document {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

nx_value text_value(std::string_view text) {
  nx_value value{};
  value.type = NX_STRING;
  value.len = static_cast<std::uint32_t>(text.size());
  value.u.s = text.data();
  return value;
}

nx_value integer_value(std::uint8_t type, std::int64_t content) {
  nx_value value{};
  value.type = type;
  value.u.i = content;
  return value;
}

nx_value float_value(double content) {
  nx_value value{};
  value.type = NX_FLOAT;
  value.u.f = content;
  return value;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<nx_value> resolve_word(std::string_view text) {
  if (text.empty() || one_of(text, {"~", "null", "Null", "NULL"})) return nx_value{};
  if (one_of(text, {"true", "True", "TRUE"})) return integer_value(NX_BOOL, 1);
  if (one_of(text, {"false", "False", "FALSE"})) return integer_value(NX_BOOL, 0);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) {
    return float_value(kInfinity);
  }
  if (one_of(text, {"-.inf", "-.Inf", "-.INF"})) return float_value(-kInfinity);
  if (one_of(text, {".nan", ".NaN", ".NAN"})) {
    return float_value(std::numeric_limits<double>::quiet_NaN());
  }
  return std::nullopt;
}

// [-+]?(0x|0o|0b)?digits. A leading zero makes a decimal text: 0755 is nobody's number.
std::optional<std::int64_t> as_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && !is_digit(text[1])) {
    base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : text[1] == 'b' ? 2 : 0;
    if (base == 0) return std::nullopt;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    return std::nullopt;
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return negative ? static_cast<std::int64_t>(0 - magnitude) : static_cast<std::int64_t>(magnitude);
}

// [-+]?(.digits|digits[.digits])([eE][-+]?digits)?
std::optional<double> as_float(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !(is_digit(text[0]) || (text[0] == '.' && text.size() > 1))) {
    return std::nullopt;
  }
  if (text.size() > 1 && text[0] == '0' && is_digit(text[1])) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  if (error != std::errc()) return std::nullopt;
  return negative ? -number : number;
}

}  // namespace

nx_value resolve_plain(std::string_view text) {
  if (const auto word = resolve_word(text)) return *word;
  const char first = text[0];
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return text_value(text);
  std::string without;
  std::string_view number = text;
  if (text.find('_') != std::string_view::npos) {
    std::copy_if(text.begin(), text.end(), std::back_inserter(without),
                 [](char c) { return c != '_'; });
    number = without;
  }
  if (const auto whole = as_integer(number)) return integer_value(NX_INT, *whole);
  if (const auto real = as_float(number)) return float_value(*real);
  return text_value(text);
}

}  // namespace narthex::document
