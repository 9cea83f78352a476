// SPDX-License-Identifier: Apache-2.0
#include "api/params.hpp"

#include "document/document.hpp"

#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>

namespace narthex::api {

namespace {

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

// As Go's ParseFloat for what people write: decimal, exponent, Inf, NaN, a leading plus.
bool parse_float(std::string_view text, double& out) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty() || text.front() == '+') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::result_out_of_range) return false;
  return error == std::errc() && end == text.data() + text.size();
}

std::int64_t seconds_to_ms(double seconds) {
  if (!(seconds > -9.2e18 && seconds < 9.2e18)) return kUnrepresentableMs;
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  const auto s = static_cast<std::int64_t>(whole);
  const auto ms = static_cast<std::int64_t>(std::round(fraction * 1000));
  std::int64_t result = 0;
  if (__builtin_mul_overflow(s, std::int64_t{1000}, &result) ||
      __builtin_add_overflow(result, ms, &result)) {
    return s < 0 ? kMinTimeMs : kMaxTimeMs;
  }
  return result;
}

bool digits(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count) return false;
  out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// ".123456" -> 123; digits beyond milliseconds are dropped.
bool take_fraction_ms(std::string_view& text, std::int64_t& ms) {
  if (!take(text, '.')) return true;
  std::int64_t scale = 100;
  std::size_t count = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    ms += (text.front() - '0') * scale;
    scale /= 10;
    ++count;
  }
  return count > 0;
}

bool take_zone_minutes(std::string_view& text, int& minutes) {
  if (take(text, 'Z')) return true;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hour = 0;
  int minute = 0;
  if (!digits(text, 2, hour) || !take(text, ':') || !digits(text, 2, minute)) return false;
  minutes = sign * (hour * 60 + minute);
  return hour < 24 && minute < 60;
}

bool parse_rfc3339(std::string_view text, std::int64_t& t_ms) {
  std::tm parts{};
  int year = 0;
  int month = 0;
  if (!digits(text, 4, year) || !take(text, '-') || !digits(text, 2, month) || !take(text, '-') ||
      !digits(text, 2, parts.tm_mday) || !take(text, 'T') || !digits(text, 2, parts.tm_hour) ||
      !take(text, ':') || !digits(text, 2, parts.tm_min) || !take(text, ':') ||
      !digits(text, 2, parts.tm_sec)) {
    return false;
  }
  std::int64_t ms = 0;
  int zone_minutes = 0;
  if (!take_fraction_ms(text, ms) || !take_zone_minutes(text, zone_minutes) || !text.empty()) {
    return false;
  }
  if (month < 1 || month > 12 || parts.tm_mday < 1 || parts.tm_mday > days_in_month(year, month) ||
      parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 59) {
    return false;
  }
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  t_ms = (std::int64_t{timegm(&parts)} - zone_minutes * 60) * 1000 + ms;
  return true;
}

}  // namespace

Result<std::int64_t> parse_time_ms(std::string_view text) {
  double seconds = 0;
  if (parse_float(text, seconds)) return seconds_to_ms(seconds);
  std::int64_t t_ms = 0;
  if (parse_rfc3339(text, t_ms)) return t_ms;
  // The widest times Go can print, which clients send for "no bound".
  if (text == "-292273086-05-16T16:47:06Z") return kMinTimeMs;
  if (text == "+292277025-08-18T07:12:54.999999999Z") return kMaxTimeMs;
  return invalid_argument("cannot parse " + quoted(text) + " to a valid timestamp");
}

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  double seconds = 0;
  if (parse_float(text, seconds)) {
    const double ns = seconds * 1e9;
    if (!(ns <= 9.223372036854775807e18 && ns >= -9.223372036854775808e18)) {
      return invalid_argument("cannot parse " + quoted(text) +
                              " to a valid duration. It overflows int64");
    }
    // Truncated to whole milliseconds, as Go's conversion of nanoseconds does.
    return static_cast<std::int64_t>(ns) / 1'000'000;
  }
  Result<std::int64_t> parsed = document::parse_duration_ms(text);
  if (parsed.ok()) return parsed;
  return invalid_argument("cannot parse " + quoted(text) + " to a valid duration");
}

Result<std::int64_t> parse_limit(std::string_view text) {
  if (text.empty()) return std::int64_t{0};
  std::string_view rest = text;
  if (rest.front() == '+') rest.remove_prefix(1);
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), limit);
  if (error == std::errc::result_out_of_range) {
    return invalid_argument("strconv.Atoi: parsing " + quoted(text) + ": value out of range");
  }
  if (error != std::errc() || end != rest.data() + rest.size()) {
    return invalid_argument("strconv.Atoi: parsing " + quoted(text) + ": invalid syntax");
  }
  if (limit < 0) return invalid_argument("limit must be non-negative");
  return limit;
}

Result<std::int64_t> time_param(const net::Request& request, std::string_view name,
                                std::int64_t otherwise_ms) {
  const std::string_view text = request.value(name);
  if (text.empty()) return otherwise_ms;
  return parse_time_ms(text);
}

namespace {

void append_utf8(std::string& out, std::uint32_t rune) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (rune < 0x80) {
    byte(rune);
  } else if (rune < 0x800) {
    byte(0xC0 | rune >> 6), byte(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    byte(0xE0 | rune >> 12), byte(0x80 | (rune >> 6 & 0x3F)), byte(0x80 | (rune & 0x3F));
  } else {
    byte(0xF0 | rune >> 18), byte(0x80 | (rune >> 12 & 0x3F));
    byte(0x80 | (rune >> 6 & 0x3F)), byte(0x80 | (rune & 0x3F));
  }
}

// "2e_" -> '.', with the underscore. False: not an escape.
bool take_rune(std::string_view& text, std::string& out) {
  const std::size_t end = text.find('_');
  if (end == 0 || end == std::string_view::npos || end > 6) return false;
  std::uint32_t rune = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + end, rune, 16);
  if (error != std::errc() || at != text.data() + end) return false;
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) return false;
  append_utf8(out, rune);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string unescape_label_name(std::string_view name) {
  if (!name.starts_with("U__")) return std::string(name);
  std::string_view rest = name.substr(3);
  std::string out;
  while (!rest.empty()) {
    if (!take(rest, '_')) {
      out += rest.front();
      rest.remove_prefix(1);
    } else if (take(rest, '_')) {
      out += '_';
    } else if (!take_rune(rest, out)) {
      return std::string(name);  // not of this form after all: taken as it is
    }
  }
  return out;
}

}  // namespace narthex::api
