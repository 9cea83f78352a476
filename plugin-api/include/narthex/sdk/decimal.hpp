// SPDX-License-Identifier: Apache-2.0
// decimal.hpp - numbers as Prometheus reads and writes them: Go's strconv.ParseFloat without
// hexadecimal and underscores, correctly rounded, and the float layout of OpenMetrics. Pure.
#pragma once

#include <narthex/data.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

namespace narthex::sdk {

enum class NumberError { kNone, kSyntax, kRange, kCharacter };

namespace detail {

// 10^0 .. 10^22: the powers of ten that a double holds exactly.
inline constexpr double kExactPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

inline bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace detail

// Reads [-]digits[.digits][e[+-]digits] at `p` when the result is exact in one multiplication or
// division (at most 15 to 16 significant digits, small exponent): that is most of what exporters
// write. Returns where it stopped, or nullptr for "take the slow way". The caller looks at what
// follows: if it is no delimiter, the slow way decides as well.
inline const char* parse_short_decimal(const char* p, const char* end, double& out) noexcept {
  const bool negative = p != end && *p == '-';
  if (negative) ++p;
  const char* const first = p;
  std::uint64_t mantissa = 0;
  while (p != end && detail::is_digit(*p)) mantissa = mantissa * 10 + std::uint64_t(*p++ - '0');
  std::ptrdiff_t digits = p - first;
  if (digits == 0) return nullptr;
  int exponent = 0;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    while (p != end && detail::is_digit(*p)) mantissa = mantissa * 10 + std::uint64_t(*p++ - '0');
    exponent = -static_cast<int>(p - fraction);
    digits += p - fraction;
  }
  if (digits > 19 || mantissa > (std::uint64_t{1} << 53)) return nullptr;
  if (p != end && (*p | 0x20) == 'e') {
    ++p;
    const bool minus = p != end && *p == '-';
    if (p != end && (*p == '-' || *p == '+')) ++p;
    const char* const power = p;
    int value = 0;
    while (p != end && p - power < 4 && detail::is_digit(*p)) value = value * 10 + (*p++ - '0');
    if (p == power || p - power == 4) return nullptr;
    exponent += minus ? -value : value;
  }
  if (exponent < -22 || exponent > 22) return nullptr;
  double value = static_cast<double>(mantissa);
  value = exponent < 0 ? value / detail::kExactPowers[-exponent]
                       : value * detail::kExactPowers[exponent];
  out = negative ? -value : value;
  return p;
}

// The whole of `text` as a number. Every NaN comes out as Prometheus's ordinary NaN.
inline NumberError parse_number(std::string_view text, double& out) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  if (parse_short_decimal(p, end, out) == end && p != end) return NumberError::kNone;
  if (text.find_first_of("pP_") != std::string_view::npos) return NumberError::kCharacter;
  const bool negative = p != end && *p == '-';
  if (p != end && (*p == '-' || *p == '+')) ++p;
  const std::string_view magnitude(p, static_cast<std::size_t>(end - p));
  if (detail::equals_ignoring_case(magnitude, "inf") ||
      detail::equals_ignoring_case(magnitude, "infinity")) {
    out = negative ? -std::numeric_limits<double>::infinity()
                   : std::numeric_limits<double>::infinity();
    return NumberError::kNone;
  }
  if (p == text.data() && detail::equals_ignoring_case(magnitude, "nan")) {
    out = std::bit_cast<double>(NX_NORMAL_NAN_BITS);
    return NumberError::kNone;
  }
  // from_chars would take "nan(...)" and a second minus as well.
  if (magnitude.empty() || !(detail::is_digit(*p) || *p == '.')) return NumberError::kSyntax;
  double value = 0;
  const auto [stop, error] = std::from_chars(p, end, value);
  if (stop != end || error == std::errc::invalid_argument) return NumberError::kSyntax;
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(magnitude).c_str(), nullptr);  // tells zero from infinity
    if (std::isinf(value)) return NumberError::kRange;
  }
  out = negative ? -value : value;
  return NumberError::kNone;
}

// The error in Go's words, as Prometheus shows it.
inline std::string describe_number_error(NumberError error, std::string_view quoted) {
  if (error == NumberError::kCharacter) return "unsupported character in float";
  std::string text = "strconv.ParseFloat: parsing ";
  text += quoted;
  text += error == NumberError::kRange ? ": value out of range" : ": invalid syntax";
  return text;
}

// The canonical text of a `le` or `quantile` value: shortest digits, always with a point or an
// exponent ("1.0", "0.25", "1e+06", "+Inf").
inline std::string format_label_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  if (value == 0) return "0.0";
  std::array<char, 40> buffer{};
  const auto scientific = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                        std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(scientific.ptr - buffer.data()));
  int exponent = 0;
  const std::size_t e = text.find('e');
  const std::size_t digits = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + digits, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 6) {
    // At least two digits of exponent, which is what to_chars writes too.
    return std::string(text);
  }
  const auto fixed =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  std::string plain(buffer.data(), fixed.ptr);
  if (plain.find('.') == std::string::npos) plain += ".0";
  return plain;
}

}  // namespace narthex::sdk
