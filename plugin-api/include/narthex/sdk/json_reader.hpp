// SPDX-License-Identifier: Apache-2.0
// json_reader.hpp - reads JSON (RFC 8259) piece by piece, without a tree: for bodies of many small
// objects of a known shape. Nothing is allocated but what read_text() unescapes. Trees come from
// the host (host.h, NX_EXT_TEXT). After a failure everything else fails, too. One thread.
//
//   JsonReader json(text);
//   json.each_member([&](std::string_view key) {
//     if (key == "value") return json.read_number(value);
//     return json.skip();
//   });
//   if (json.ok() && json.at_end()) ... else json.fault(), json.position()
#pragma once

#include <narthex/sdk/decimal.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::sdk {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool ok() const { return fault_.empty(); }
  const std::string& fault() const { return fault_; }
  std::size_t position() const { return position_; }  // of the fault, in bytes
  // Where the next piece begins, blanks skipped.
  std::size_t offset() {
    skip_blanks();
    return at_;
  }
  std::string_view since(std::size_t offset) const { return text_.substr(offset, at_ - offset); }
  // Nothing but blanks is left.
  bool at_end() { return ok() && offset() == text_.size(); }
  // The first character of the next piece; 0 at the end and after a failure.
  char peek() { return ok() && offset() < text_.size() ? text_[at_] : '\0'; }
  bool fail(std::string text) { return fail_at(at_, std::move(text)); }
  // The same, at a place before.
  bool fail_at(std::size_t position, std::string text) {
    if (!ok()) return false;
    position_ = position;
    fault_ = std::move(text);
    return false;
  }

  // Calls use(key) for each member of an object; it must read or skip the value and return whether
  // that worked. The key is valid during the call.
  template <class Use>
  bool each_member(Use&& use) {
    if (!open('{', "an object")) return false;
    for (bool first = true; !close('}', first); first = false) {
      std::string key;
      if (!ok() || !read_text(key) || !expect(':', "a colon") || !use(std::string_view(key))) {
        return fail("expected a value");
      }
    }
    return leave();
  }
  // Calls use() for each element of an array.
  template <class Use>
  bool each_element(Use&& use) {
    if (!open('[', "an array")) return false;
    for (bool first = true; !close(']', first); first = false) {
      if (!ok() || !use()) return fail("expected a value");
    }
    return leave();
  }

  bool read_text(std::string& out) {
    out.clear();
    if (peek() != '"') return fail("expected a text");
    ++at_;
    for (;;) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out += text_.substr(begin, at_ - begin);
      if (at_ >= text_.size()) return fail("a text without its closing quote");
      if (text_[at_] == '"') return ++at_, true;
      if (text_[at_] != '\\') return fail("a control character inside a text");
      if (!read_escape(out)) return false;
    }
  }
  bool read_number(double& out) {
    const std::size_t begin = offset();
    const std::string_view token = bare_token();
    if (is_number(token) && parse_number(token, out) == NumberError::kNone) return ok();
    at_ = begin;
    return fail("expected a number");
  }
  bool read_null() {
    if (text_.substr(offset(), 4) != "null") return fail("expected null");
    at_ += 4;
    return true;
  }
  // Any value, of any depth up to 64.
  bool skip() {
    std::string ignored;
    switch (peek()) {
      case '"':
        return read_text(ignored);
      case '{':
        return each_member([&](std::string_view) { return skip(); });
      case '[':
        return each_element([&] { return skip(); });
      default:
        break;
    }
    const std::size_t begin = at_;
    const std::string_view token = bare_token();
    if (is_number(token) || token == "true" || token == "false" || token == "null") return ok();
    at_ = begin;
    return fail("expected a value");
  }

 private:
  static constexpr int kDepthMax = 64;

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool expect(char c, std::string_view what) {
    if (peek() != c) return fail("expected " + std::string(what));
    ++at_;
    return true;
  }
  bool open(char c, std::string_view what) {
    if (depth_ == kDepthMax) return fail("more than 64 levels");
    if (!expect(c, what)) return false;
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return ok();
  }
  // True at the closing bracket, which is taken, and after a failure. Otherwise stands before the
  // next element.
  bool close(char c, bool first) {
    if (peek() == c) return ++at_, true;
    if (!first && peek() != ',') fail(std::string("expected a comma or ") + c);
    if (!ok()) return true;
    if (!first) ++at_;
    return false;
  }
  std::string_view bare_token() {
    const std::size_t begin = offset();
    while (at_ < text_.size() &&
           (detail::is_digit(text_[at_]) || text_[at_] == '-' || text_[at_] == '+' ||
            text_[at_] == '.' || (text_[at_] >= 'a' && text_[at_] <= 'z') || text_[at_] == 'E')) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  // -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
  static bool is_number(std::string_view token) {
    std::size_t i = 0;
    const auto digits = [&] {
      const std::size_t begin = i;
      while (i < token.size() && detail::is_digit(token[i])) ++i;
      return i - begin;
    };
    if (token.substr(0, 1) == "-") ++i;
    const bool zero = token.substr(i, 1) == "0";
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole != 1)) return false;
    if (token.substr(i, 1) == "." && (++i, digits() == 0)) return false;
    if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
      ++i;
      if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
      if (digits() == 0) return false;
    }
    return i == token.size();
  }

  bool read_hex(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int digit = detail::is_digit(c)                      ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) return fail("expected four hexadecimal digits");
      out = out * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }
  // Stands at a backslash.
  bool read_escape(std::string& out) {
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const char c = ++at_ < text_.size() ? text_[at_] : '\0';
    ++at_;
    if (const std::size_t i = kFrom.find(c); c != '\0' && i != std::string_view::npos) {
      out += kTo[i];
      return true;
    }
    std::uint32_t code = 0, low = 0;
    if (c != 'u') return fail_at(at_ - 1, "an unknown escape");
    if (!read_hex(code)) return false;
    if (code >= 0xD800 && code < 0xE000) {
      const bool pair = code < 0xDC00 && text_.substr(at_, 2) == "\\u";
      if (pair) at_ += 2;
      if (!pair || !read_hex(low) || low < 0xDC00 || low >= 0xE000) {
        return fail("half of a surrogate pair");
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_character(out, code);
    return true;
  }
  static void append_character(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | code >> 6), byte(0x80 | (code & 63));
    } else if (code < 0x10000) {
      byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63));
    } else {
      byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 63));
      byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t position_ = 0;
  std::string fault_;
};

}  // namespace narthex::sdk
