// SPDX-License-Identifier: Apache-2.0
#include "promql/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace narthex::promql {

namespace {

constexpr std::int32_t kReplacement = 0xFFFD;

struct CodeRange {
  std::int32_t first;
  std::int32_t last;
};
// What Go's IsPrint refuses beyond ASCII, as far as it has a name: controls, spaces, format
// characters, surrogates and private use.
constexpr std::array kUnprintable = {
    CodeRange{0x7F, 0xA0},        CodeRange{0xAD, 0xAD},     CodeRange{0x600, 0x605},
    CodeRange{0x61C, 0x61C},      CodeRange{0x6DD, 0x6DD},   CodeRange{0x70F, 0x70F},
    CodeRange{0x1680, 0x1680},    CodeRange{0x180E, 0x180E}, CodeRange{0x2000, 0x200F},
    CodeRange{0x2028, 0x202F},    CodeRange{0x205F, 0x206F}, CodeRange{0x3000, 0x3000},
    CodeRange{0xD800, 0xF8FF},    CodeRange{0xFEFF, 0xFEFF}, CodeRange{0xFFF0, 0xFFFB},
    CodeRange{0xE0000, 0x10FFFF},
};

bool is_printable(std::int32_t code) {
  if (code < 0x20) return false;
  return std::none_of(kUnprintable.begin(), kUnprintable.end(),
                      [code](const CodeRange& r) { return code >= r.first && code <= r.last; });
}

void append_hex(std::string& out, std::string_view prefix, std::uint32_t value, int digits) {
  out += prefix;
  for (int i = digits - 1; i >= 0; --i) out += "0123456789abcdef"[(value >> (4 * i)) & 15];
}

void append_escaped(std::string& out, std::int32_t code, char quote_sign) {
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetter = "abfnrtv";
  if (code == quote_sign || code == '\\') {
    out += '\\';
    out += static_cast<char>(code);
  } else if (is_printable(code)) {
    append_utf8(out, static_cast<std::uint32_t>(code));
  } else if (const auto at = kPlain.find(static_cast<char>(code));
             code < 128 && at != kPlain.npos) {
    out += '\\';
    out += kLetter[at];
  } else if (code < ' ' || code == 0x7F) {
    append_hex(out, "\\x", static_cast<std::uint32_t>(code), 2);
  } else if (code < 0x10000) {
    append_hex(out, "\\u", static_cast<std::uint32_t>(code), 4);
  } else {
    append_hex(out, "\\U", static_cast<std::uint32_t>(code), 8);
  }
}

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

// Reads an escape that stands at text[at] (behind the backslash); returns where it ends.
std::size_t append_unescaped(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetter = "abfnrtv";
  const char c = text[at];
  if (const auto letter = kLetter.find(c); letter != kLetter.npos) {
    out += kPlain[letter];
    return at + 1;
  }
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  std::uint32_t value = 0;
  if (digits != 0) {
    for (std::size_t i = 1; i <= digits && at + i < text.size(); ++i) {
      value = value * 16 + static_cast<std::uint32_t>(digit_value(text[at + i]));
    }
    if (c == 'x') {
      out += static_cast<char>(value);
    } else {
      append_utf8(out, value);
    }
    return at + digits + 1;
  }
  if (c >= '0' && c <= '7') {
    for (std::size_t i = 0; i < 3 && at + i < text.size(); ++i) {
      value = value * 8 + static_cast<std::uint32_t>(digit_value(text[at + i]));
    }
    out += static_cast<char>(value);
    return at + 3;
  }
  out += c;
  return at + 1;
}

// ---- numbers ----

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

}  // namespace

Character decode_character(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::int32_t>(static_cast<unsigned char>(text[at + i]));
  };
  const std::int32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::uint32_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {kReplacement, 1};
  for (std::uint32_t i = 1; i < size; ++i) {
    if (!is_continuation(text, at + i)) return {kReplacement, 1};
  }
  std::int32_t code = lead & (0xFF >> (size + 1));
  for (std::uint32_t i = 1; i < size; ++i) code = (code << 6) | (byte(i) & 0x3F);
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {kReplacement, 1};
  return {code, size};
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = decode_character(text, at);
    if (c.code == kReplacement && c.size == 1) return false;
    at += c.size;
  }
  return true;
}

std::size_t bytes_of_characters(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  while (characters-- > 0 && at < text.size()) at += decode_character(text, at).size;
  return at;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const Character c = decode_character(text, at);
    if (c.code == kReplacement && c.size == 1) {
      append_hex(out, "\\x", static_cast<unsigned char>(text[at]), 2);
    } else {
      append_escaped(out, c.code, '"');
    }
    at += c.size;
  }
  out += '"';
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string quote_character(std::int32_t code) {
  std::string out = "'";
  append_escaped(out, code < 0 ? kReplacement : code, '\'');
  return out + "'";
}

std::string unquote(std::string_view token) {
  const std::string_view text = token.substr(1, token.size() - 2);
  if (token[0] == '`') return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      at = append_unescaped(out, text, at + 1);
    } else {
      out += text[at++];
    }
  }
  return out;
}

bool is_plain_label_name(std::string_view name) {
  return is_plain_metric_name(name) && name.find(':') == name.npos;
}

bool is_plain_metric_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || c == ':' || (c >= '0' && c <= '9') ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  });
}

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

namespace {

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

// ---- durations ----

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
