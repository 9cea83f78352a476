// SPDX-License-Identifier: Apache-2.0
#include "promql/numbers.hpp"

#include "promql/characters.hpp"
#include "promql/quoting.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace narthex::promql {

namespace {

// Underscores separate digits, or a base prefix and a digit.
bool underscores_well_placed(std::string_view text, bool has_prefix) {
  char before = has_prefix ? '0' : '^';
  for (const char c : text.substr(has_prefix ? 2 : 0)) {
    const bool digit = (c >= '0' && c <= '9') || (has_prefix && digit_value(c) < 16);
    if (c == '_' && before != '0') return false;
    if (!digit && c != '_' && before == '_') return false;
    before = digit ? '0' : c == '_' ? '_' : '!';
  }
  return before != '_';
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

// An integer with Go's base prefixes; false when it is none or does not fit into 64 bits.
bool parse_integer(std::string_view text, double& out) {
  int base = 10;
  std::size_t prefix = 0;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    prefix = mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
  }
  if (text.find('_') != text.npos && !underscores_well_placed(text, base == 16)) return false;
  const std::string digits = without_underscores(text.substr(prefix));
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return false;
  if (digits[0] == '-') return false;
  out = static_cast<double>(value);
  return true;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return (x | 0x20) == y; });
}

Status number_error(std::string_view text, std::string_view why) {
  return invalid_argument("strconv.ParseFloat: parsing " + quote(text) + ": " + std::string(why));
}

// The shortest digits, then zeros: fixed notation of to_chars would write large numbers with all
// the digits that their binary form has.
void append_plain(std::string& out, double value) {
  std::array<char, 32> buffer;  // "-d.dddddddddddddddde-308"
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const char* digits_of_exponent = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(digits_of_exponent, text.data() + text.size(), exponent);
  std::string digits(text.substr(0, 1));
  if (mark > 2) digits += text.substr(2, mark - 2);
  const auto whole = static_cast<std::size_t>(std::max(exponent + 1, 0));
  if (whole == 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (digits.size() <= whole) {
    out += digits;
    out.append(whole - digits.size(), '0');
  } else {
    out += digits.substr(0, whole) + "." + digits.substr(whole);
  }
}

}  // namespace

Result<double> parse_number(std::string_view text) {
  double value = 0;
  if (parse_integer(text, value)) return value;
  if (equals_ignoring_case(text, "inf")) return std::numeric_limits<double>::infinity();
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  const bool hexadecimal = text.size() > 1 && (text[1] | 0x20) == 'x';
  if (hexadecimal || !underscores_well_placed(text, false)) {
    return number_error(text, "invalid syntax");
  }
  // strtod rounds correctly and knows what over- and underflow are; the text has no sign.
  const std::string plain = without_underscores(text);
  char* end = nullptr;
  value = std::strtod(plain.c_str(), &end);
  if (end != plain.c_str() + plain.size() || plain.empty()) {
    return number_error(text, "invalid syntax");
  }
  if (std::isinf(value)) return number_error(text, "value out of range");
  return value;
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    append_plain(out, value);
  }
}

std::string format_number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

std::string format_general(double value) {
  const double size = std::fabs(value);
  if (!(size > 0) || std::isinf(value) || (size >= 1e-4 && size < 1e6)) return format_number(value);
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::scientific);
  return {buffer.data(), result.ptr};
}

std::string format_fixed(double value, int digits) {
  if (std::isnan(value) || std::isinf(value)) return format_number(value);
  std::array<char, 400> buffer;
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace narthex::promql
