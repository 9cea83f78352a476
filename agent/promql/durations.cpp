// SPDX-License-Identifier: Apache-2.0
#include "promql/durations.hpp"

#include "promql/quoting.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace narthex::promql {

namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t ms;
  bool only_exact;  // printed only when nothing is left over
};
constexpr std::array kUnits = {
    DurationUnit{"y", std::int64_t{365} * 24 * 3600 * 1000, true},
    DurationUnit{"w", std::int64_t{7} * 24 * 3600 * 1000, true},
    DurationUnit{"d", std::int64_t{24} * 3600 * 1000, false},
    DurationUnit{"h", std::int64_t{3600} * 1000, false},
    DurationUnit{"m", std::int64_t{60} * 1000, false},
    DurationUnit{"s", 1000, false},
    DurationUnit{"ms", 1, false},
};
// A Prometheus duration is a signed 64-bit count of nanoseconds.
constexpr std::uint64_t kMaxDurationMs = 9'223'372'036'854;

// Splits `12h` off the front; false when there is no number with letters behind it.
bool take_part(std::string_view& text, std::string_view& digits, std::string_view& letters) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits_end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto letters_end = std::find_if(digits_end, text.end(), is_digit);
  if (digits_end == text.begin() || letters_end == digits_end) return false;
  digits = text.substr(0, static_cast<std::size_t>(digits_end - text.begin()));
  letters = text.substr(digits.size(), static_cast<std::size_t>(letters_end - digits_end));
  text.remove_prefix(digits.size() + letters.size());
  return true;
}

}  // namespace

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  if (text == "0") return std::int64_t{0};
  if (text.empty()) return invalid_argument("empty duration string");
  const Status malformed = invalid_argument("not a valid duration string: " + quote(text));
  std::uint64_t total_ms = 0;
  std::size_t units_used = 0;  // each unit once, the longest first
  std::string_view digits, letters;
  for (std::string_view rest = text; !rest.empty();) {
    std::uint64_t count = 0;
    if (!take_part(rest, digits, letters) ||
        std::from_chars(digits.data(), digits.data() + digits.size(), count).ec != std::errc()) {
      return malformed;
    }
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const DurationUnit& u) { return u.name == letters; });
    if (unit == kUnits.end()) {
      return invalid_argument("unknown unit " + quote(letters) + " in duration " + quote(text));
    }
    const auto place = static_cast<std::size_t>(unit - kUnits.begin()) + 1;
    if (place <= units_used) return malformed;
    units_used = place;
    const auto ms = static_cast<std::uint64_t>(unit->ms);
    if (count > kMaxDurationMs / ms || (total_ms += count * ms) > kMaxDurationMs) {
      return invalid_argument("duration out of range");
    }
  }
  return static_cast<std::int64_t>(total_ms);
}

std::string format_duration_ms(std::int64_t duration_ms) {
  if (duration_ms == 0) return "0s";
  std::string out;
  for (const DurationUnit& unit : kUnits) {
    if (unit.only_exact && duration_ms % unit.ms != 0) continue;
    const std::int64_t count = duration_ms / unit.ms;
    if (count <= 0) continue;
    out += std::to_string(count);
    out += unit.name;
    duration_ms -= count * unit.ms;
  }
  return out;
}

}  // namespace narthex::promql
