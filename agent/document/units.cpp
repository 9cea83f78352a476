// SPDX-License-Identifier: Apache-2.0
#include "document/document.hpp"

#include <array>
#include <algorithm>
#include <charconv>
#include <limits>

namespace narthex::document {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
  bool exact;  // printed only when it divides the duration: 8d is not 1w1d
};
constexpr std::array<Unit, 7> kUnits = {{
    {"y", 365LL * 86'400'000, true},
    {"w", 7LL * 86'400'000, true},
    {"d", 86'400'000, false},
    {"h", 3'600'000, false},
    {"m", 60'000, false},
    {"s", 1'000, false},
    {"ms", 1, false},
}};
// Go's time.Duration counts nanoseconds in 63 bits.
constexpr std::int64_t kDurationMaxMs = std::numeric_limits<std::int64_t>::max() / 1'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Status bad_duration(std::string_view text) {
  return invalid_argument("not a valid duration string: \"" + std::string(text) + '"');
}

}  // namespace

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  if (text.empty()) return invalid_argument("empty duration string");
  if (text == "0") return std::int64_t{0};
  std::int64_t total_ms = 0;
  std::size_t unit = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    std::size_t letters = digits;
    while (letters < rest.size() && !is_digit(rest[letters])) ++letters;
    const std::string_view name = rest.substr(digits, letters - digits);
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (digits == 0 || unit == kUnits.size()) return bad_duration(text);
    std::uint64_t count = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + digits, count);
    const auto room = static_cast<std::uint64_t>((kDurationMaxMs - total_ms) / kUnits[unit].ms);
    if (parsed.ec != std::errc() || count > room) return invalid_argument("duration out of range");
    total_ms += static_cast<std::int64_t>(count) * kUnits[unit].ms;
    ++unit;
    rest.remove_prefix(letters);
  }
  return total_ms;
}

std::string format_duration_ms(std::int64_t ms) {
  if (ms == 0) return "0s";
  std::string out;
  if (ms < 0) out += '-';
  std::uint64_t rest = ms < 0 ? 0 - static_cast<std::uint64_t>(ms) : static_cast<std::uint64_t>(ms);
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.ms);
    if (unit.exact && rest % size != 0) continue;
    if (rest < size) continue;
    out += std::to_string(rest / size);
    out += unit.name;
    rest %= size;
  }
  return out;
}

namespace {

// One number with its unit at the start of text: "512B", "1.5KiB". -1: not a number, -2: no unit.
double take_bytes(std::string_view& text) {
  constexpr std::string_view kPrefixes = "KMGTPE";
  std::size_t digits = 0;
  while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '.')) ++digits;
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + digits, number);
  if (digits == 0 || parsed.ec != std::errc() || parsed.ptr != text.data() + digits) return -1;
  text.remove_prefix(digits);
  int shift = 0;
  if (const std::size_t power = text.empty() ? std::string_view::npos : kPrefixes.find(text[0]);
      power != std::string_view::npos) {
    shift = 10 * static_cast<int>(power + 1);
    text.remove_prefix(text.substr(1, 1) == "i" ? 2 : 1);
  }
  if (text.empty() || text[0] != 'B') return -2;
  text.remove_prefix(1);
  return number * static_cast<double>(std::uint64_t{1} << shift);
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  if (text == "0") return std::uint64_t{0};
  const std::string whole(text);
  if (text.empty()) return invalid_argument("units: invalid " + whole);
  double bytes = 0;
  while (!text.empty()) {
    const std::string_view rest = text;
    const double part = take_bytes(text);
    if (part == -1) return invalid_argument("units: invalid " + whole);
    if (part == -2) {
      const std::size_t unit = rest.find_first_not_of("0123456789.");
      return invalid_argument("units: unknown unit " +
                              std::string(rest.substr(std::min(unit, rest.size()))) + " in " +
                              whole);
    }
    bytes += part;
  }
  if (bytes >= 9223372036854775808.0) return invalid_argument("units: " + whole + " is too large");
  return static_cast<std::uint64_t>(bytes);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::string_view kPrefixes = "EPTGMK";
  if (bytes == 0) return "0B";
  std::string out;
  int shift = 60;
  for (const char prefix : kPrefixes) {
    if (const std::uint64_t count = bytes >> shift; count != 0) {
      out += std::to_string(count) + prefix + "iB";
      bytes &= (std::uint64_t{1} << shift) - 1;
    }
    shift -= 10;
  }
  if (bytes != 0) out += std::to_string(bytes) + 'B';
  return out;
}

}  // namespace narthex::document
