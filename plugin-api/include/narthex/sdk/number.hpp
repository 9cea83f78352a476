// SPDX-License-Identifier: Apache-2.0
// number.hpp - numbers as Prometheus writes them, with the shortest digits that read back exactly.
// Two layouts, because Prometheus has two:
//   append_number          HTTP API and JSON: positional from 1e-6 up to 1e21, else 1.5e-07
//   append_exposition      text exposition and `le`/`quantile` labels: exponent from 1e+06 and
//                          below 1e-4, as in 1.234567e+06
// NaN, +Inf and -Inf have these spellings in both. Nothing here allocates beyond the output.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::sdk {

namespace detail {

// Digits d1 d2 ... and the exponent of d1: value = d1.d2d3... * 10^exponent.
struct Decimal {
  char digits[24];
  std::size_t count = 0;
  int exponent = 0;
};

inline Decimal shortest_decimal(double magnitude) {
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific);
  Decimal d;
  const char* at = text;
  for (; at != end.ptr && *at != 'e'; ++at) {
    if (*at != '.') d.digits[d.count++] = *at;
  }
  const char* exponent = at + 1;
  if (exponent < end.ptr && *exponent == '+') ++exponent;  // from_chars takes no plus
  std::from_chars(exponent, end.ptr, d.exponent);
  return d;
}

inline void append_positional(std::string& out, const Decimal& d) {
  const std::string_view digits(d.digits, d.count);
  if (d.exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-d.exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(d.exponent) + 1;
  if (whole >= d.count) {
    out += digits;
    out.append(whole - d.count, '0');
    return;
  }
  out += digits.substr(0, whole);
  out += '.';
  out += digits.substr(whole);
}

inline void append_exponential(std::string& out, const Decimal& d) {
  out += d.digits[0];
  if (d.count > 1) {
    out += '.';
    out.append(d.digits + 1, d.count - 1);
  }
  out += d.exponent < 0 ? "e-" : "e+";
  const int magnitude = d.exponent < 0 ? -d.exponent : d.exponent;
  if (magnitude < 10) out += '0';
  out += std::to_string(magnitude);
}

// Positional while the exponent of the first digit is in [exponent_min, exponent_end).
inline void append_double(std::string& out, double value, int exponent_min, int exponent_end) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "+Inf";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (value == 0) {
    out += '0';
    return;
  }
  const Decimal d = shortest_decimal(std::fabs(value));
  if (d.exponent >= exponent_min && d.exponent < exponent_end) {
    append_positional(out, d);
  } else {
    append_exponential(out, d);
  }
}

}  // namespace detail

// The layout of the HTTP API.
inline void append_number(std::string& out, double value) {
  detail::append_double(out, value, -6, 21);
}

// The layout of the text exposition format.
inline void append_exposition(std::string& out, double value) {
  detail::append_double(out, value, -4, 6);
}

// A timestamp in seconds with the milliseconds that it has: 1.100, but 1 and not 1.000.
inline void append_timestamp(std::string& out, std::int64_t ms) {
  const std::uint64_t magnitude =
      ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  if (ms < 0) out += '-';
  out += std::to_string(magnitude / 1000);
  const std::uint64_t rest = magnitude % 1000;
  if (rest == 0) return;
  const char fraction[] = {'.', static_cast<char>('0' + rest / 100),
                           static_cast<char>('0' + rest / 10 % 10),
                           static_cast<char>('0' + rest % 10)};
  out.append(fraction, sizeof fraction);
}

}  // namespace narthex::sdk
