// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_scalar.hpp"

#include <algorithm>
#include <cstdint>

namespace narthex::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Words that an untyped YAML 1.1 reader would not take for text. All yaml.v2 spellings.
bool is_word(std::string_view text) {
  return one_of(
      text, {"",     "~",     "null",  "Null",  "NULL",  "y",     "Y",     "yes",   "Yes",  "YES",
             "true", "True",  "TRUE",  "on",    "On",    "ON",    "n",     "N",     "no",   "No",
             "NO",   "false", "False", "FALSE", "off",   "Off",   "OFF",   ".nan",  ".NaN", ".NAN",
             ".inf", ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"});
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_float(std::string_view text) {  // [-+]?(\.d+|d+(\.d*)?)([eE][-+]?d+)?
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t whole = 0;
  while (whole < text.size() && is_digit(text[whole])) ++whole;
  text.remove_prefix(whole);
  std::size_t part = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    while (part < text.size() && is_digit(text[part])) ++part;
    text.remove_prefix(part);
  }
  if (whole == 0 && part == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_of(text, "0123456789");
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0X")) {
    return all_of(text.substr(2), "0123456789abcdefABCDEF");
  }
  if (text.starts_with("0o") || text.starts_with("0O")) return all_of(text.substr(2), "01234567");
  if (text.starts_with("0b") || text.starts_with("0B")) return all_of(text.substr(2), "01");
  return all_of(text, "0123456789");
}

bool is_number(std::string_view text) {
  if (text.find('_') == std::string_view::npos) return is_integer(text) || is_float(text);
  std::string without(text);
  std::erase(without, '_');
  return is_integer(without) || is_float(without);
}

// d+(:[0-5]?d)+(.d*)?: minutes and hours of YAML 1.1.
bool is_base_60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return false;
  text = text.substr(0, text.find('.'));
  std::size_t at = text.find(':');
  if (at == std::string_view::npos || !all_of(text.substr(0, at), "0123456789")) return false;
  while (at != std::string_view::npos) {
    const std::size_t next = text.find(':', at + 1);
    const std::string_view digits = text.substr(at + 1, next - at - 1);
    if (digits.empty() || digits.size() > 2 || !all_of(digits, "0123456789")) return false;
    if (digits.size() == 2 && digits[0] > '5') return false;
    at = next;
  }
  return true;
}

bool is_timestamp(std::string_view text) {  // yyyy-m-d, alone or with a time
  if (text.size() < 8 || !all_of(text.substr(0, 4), "0123456789") || text[4] != '-') return false;
  const std::size_t month = text.find('-', 5);
  if (month == std::string_view::npos || month > 7 ||
      !all_of(text.substr(5, month - 5), "0123456789")) {
    return false;
  }
  std::size_t day = month + 1;
  while (day < text.size() && is_digit(text[day])) ++day;
  if (day == month + 1 || day > month + 3) return false;
  if (day == text.size()) return true;
  if (text[day] != 'T' && text[day] != 't' && text[day] != ' ') return false;
  return day + 1 < text.size() && is_digit(text[day + 1]) &&
         text.find(':', day) != std::string_view::npos;
}

bool is_text(std::string_view text) {
  return !is_word(text) && !is_number(text) && !is_base_60(text) && !is_timestamp(text);
}

struct Analysis {
  bool special = false;  // must be escaped
  bool flow_plain = true;
  bool block_plain = true;
  bool single = true;
};

bool is_blank_or_end(std::string_view text, std::size_t at) {
  return at >= text.size() || text[at] == ' ' || text[at] == '\t' || text[at] == '\n' ||
         text[at] == '\r';
}

std::size_t length_of_point(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Printable in yaml.v2's eyes: the basic plane without surrogates, BOM and non-characters.
bool is_printable(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned lead = byte(0);
  if (lead == '\n' || (lead >= 0x20 && lead <= 0x7E)) return true;
  if (lead < 0xC2) return false;
  if (lead == 0xC2) return byte(1) >= 0xA0;
  if (lead < 0xED) return true;
  if (lead == 0xED) return byte(1) < 0xA0;
  if (lead == 0xEE) return true;
  return lead == 0xEF && !(byte(1) == 0xBB && byte(2) == 0xBF) &&
         !(byte(1) == 0xBF && (byte(2) == 0xBE || byte(2) == 0xBF));
}

void judge_first(std::string_view text, Analysis& analysis) {
  const char c = text[0];
  if (std::string_view("#,[]{}&*!|>'\"%@`").find(c) != std::string_view::npos) {
    analysis.flow_plain = analysis.block_plain = false;
  } else if (c == '?' || c == ':') {
    analysis.flow_plain = false;
    if (is_blank_or_end(text, 1)) analysis.block_plain = false;
  } else if (c == '-' && is_blank_or_end(text, 1)) {
    analysis.flow_plain = analysis.block_plain = false;
  }
}

void judge_later(std::string_view text, std::size_t at, Analysis& analysis) {
  const char c = text[at];
  if (std::string_view(",?[]{}").find(c) != std::string_view::npos) {
    analysis.flow_plain = false;
  } else if (c == ':') {
    analysis.flow_plain = false;
    if (is_blank_or_end(text, at + 1)) analysis.block_plain = false;
  } else if (c == '#' && (text[at - 1] == ' ' || text[at - 1] == '\n')) {
    analysis.flow_plain = analysis.block_plain = false;
  }
}

Analysis analyse(std::string_view text) {
  Analysis analysis;
  if (text.starts_with("---") || text.starts_with("...")) {
    analysis.flow_plain = analysis.block_plain = false;
  }
  for (std::size_t at = 0; at < text.size();
       at += length_of_point(static_cast<unsigned char>(text[at]))) {
    if (at == 0) {
      judge_first(text, analysis);
    } else {
      judge_later(text, at, analysis);
    }
    if (!is_printable(text, at)) analysis.special = true;
  }
  if (text.front() == ' ' || text.back() == ' ') {
    analysis.flow_plain = analysis.block_plain = false;
  }
  if (analysis.special) analysis.flow_plain = analysis.block_plain = analysis.single = false;
  return analysis;
}

}  // namespace

ScalarStyle scalar_style(std::string_view text, bool flow) {
  if (!is_text(text)) return ScalarStyle::kDouble;
  const Analysis analysis = analyse(text);
  if (text.find('\n') != std::string_view::npos) {
    // A literal block can't keep blanks before a line break, nor those at the end.
    const bool literal = !flow && !analysis.special && text.back() != ' ' &&
                         text.find(" \n") == std::string_view::npos;
    return literal ? ScalarStyle::kLiteral : ScalarStyle::kDouble;
  }
  if (flow ? analysis.flow_plain : analysis.block_plain) return ScalarStyle::kPlain;
  return analysis.single ? ScalarStyle::kSingle : ScalarStyle::kDouble;
}

namespace {

void append_hex(std::string& out, char letter, std::uint32_t point, int digits) {
  out += '\\';
  out += letter;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out += "0123456789ABCDEF"[(point >> shift) & 15];
  }
}

std::uint32_t point_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = length_of_point(lead);
  std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length && at + i < text.size(); ++i) {
    point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  return point;
}

void append_escape(std::string& out, std::uint32_t point) {
  static constexpr std::string_view kPoints("\0\a\b\t\n\v\f\r\x1b\"\\", 11);
  static constexpr std::string_view kLetters = "0abtnvfre\"\\";
  const std::size_t named =
      point < 0x80 ? kPoints.find(static_cast<char>(point)) : std::string_view::npos;
  if (named != std::string_view::npos) {
    out += '\\';
    out += kLetters[named];
  } else if (point <= 0xFF) {
    append_hex(out, 'x', point, 2);
  } else if (point <= 0xFFFF) {
    append_hex(out, 'u', point, 4);
  } else {
    append_hex(out, 'U', point, 8);
  }
}

}  // namespace

std::string escape_double(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = length_of_point(static_cast<unsigned char>(text[at]));
    const bool plain =
        is_printable(text, at) && text[at] != '"' && text[at] != '\\' && text[at] != '\n';
    if (plain) {
      out += text.substr(at, length);
    } else {
      append_escape(out, point_at(text, at));
    }
    at += length;
  }
  return out;
}

}  // namespace narthex::config
