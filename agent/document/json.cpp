// SPDX-License-Identifier: Apache-2.0
// A small JSON parser of our own: Boost.JSON tells no positions, and a finding without line and
// column is half a finding. RFC 8259, strict, depth bounded by the builder.
#include "document/tree.hpp"

#include <charconv>
#include <optional>

namespace narthex::document {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class JsonParser {
 public:
  JsonParser(std::string_view text, TreeBuilder& builder) : text_(text), builder_(builder) {}

  bool document() {
    skip_blanks();
    if (!value()) return false;
    skip_blanks();
    return at_ == text_.size() || fail("text after the end of the document");
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::uint32_t here() const { return static_cast<std::uint32_t>(at_); }
  Where since(std::size_t begin, bool quoted = false) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_ - begin) & 0x7FFFFFFF,
            quoted};
  }
  bool fail(std::string_view what) { return fail_at(at_, what); }
  bool fail_at(std::size_t at, std::string_view what) {
    return builder_.refuse(static_cast<std::uint32_t>(at), "json: " + std::string(what));
  }
  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool value() {
    switch (peek()) {
      case '{':
        return table();
      case '[':
        return array();
      case '"':
        return string_value();
      case 't':
        return word("true", NX_BOOL, 1);
      case 'f':
        return word("false", NX_BOOL, 0);
      case 'n':
        return word("null", NX_NULL, 0);
      default:
        if (peek() == '-' || is_digit(peek())) return number();
        return fail(at_ == text_.size() ? "the text ends where a value is due"
                                        : "a value is due here");
    }
  }

  bool word(std::string_view expected, std::uint8_t type, std::int64_t content) {
    if (text_.substr(at_, expected.size()) != expected) return fail("a value is due here");
    const std::size_t begin = at_;
    at_ += expected.size();
    nx_value value{};
    value.type = type;
    value.u.i = content;
    return builder_.add_scalar(value, since(begin));
  }

  bool array() {
    if (!builder_.begin(false, {here(), 1, 0})) return false;
    ++at_;
    skip_blanks();
    if (peek() == ']') return close();
    for (;;) {
      skip_blanks();
      if (!value()) return false;
      skip_blanks();
      if (peek() == ']') return close();
      if (peek() != ',') return fail("expected ',' or ']'");
      ++at_;
    }
  }

  bool table() {
    if (!builder_.begin(true, {here(), 1, 0})) return false;
    ++at_;
    skip_blanks();
    if (peek() == '}') return close();
    for (;;) {
      skip_blanks();
      if (!entry()) return false;
      skip_blanks();
      if (peek() == '}') return close();
      if (peek() != ',') return fail("expected ',' or '}'");
      ++at_;
    }
  }

  bool entry() {
    if (peek() != '"') return fail("a key in double quotes is due here");
    const std::size_t begin = at_;
    std::string name;
    if (!string(name) || !builder_.key(name, since(begin, true))) return false;
    skip_blanks();
    if (peek() != ':') return fail("expected ':' after the key");
    ++at_;
    skip_blanks();
    return value();
  }

  bool close() {
    ++at_;
    nx_value value{};
    Weight weight;
    return builder_.end(value, weight);
  }

  bool string_value() {
    const std::size_t begin = at_;
    std::string text;
    if (!string(text)) return false;
    nx_value value = builder_.string(text);
    return builder_.add_scalar(value, since(begin, true));
  }

  bool string(std::string& out) {
    const std::size_t begin = at_++;
    for (;;) {
      const std::size_t run = text_.find_first_of("\"\\\n\t\r", at_);
      if (run == std::string_view::npos) return fail_at(begin, "the string does not end");
      out.append(text_.substr(at_, run - at_));
      at_ = run;
      if (text_[at_] == '"') break;
      if (text_[at_] != '\\') return fail("a control character in a string must be escaped");
      if (!escape(out)) return false;
    }
    ++at_;
    return true;
  }

  bool escape(std::string& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == 'u') return unicode(out);
    const std::size_t which = kNames.find(c);
    if (c == '\0' || which == std::string_view::npos) return fail("unknown escape in a string");
    out += kBytes[which];
    at_ += 2;
    return true;
  }

  std::optional<std::uint32_t> hex(std::size_t at) const {
    if (at + 6 > text_.size() || text_[at] != '\\' || text_[at + 1] != 'u') return std::nullopt;
    std::uint32_t point = 0;
    const char* first = text_.data() + at + 2;
    const auto [end, error] = std::from_chars(first, first + 4, point, 16);
    if (error != std::errc() || end != first + 4) return std::nullopt;
    return point;
  }

  // A lone half of a surrogate pair becomes U+FFFD, as Go does it.
  bool unicode(std::string& out) {
    const auto point = hex(at_);
    if (!point) return fail("\\u needs four hexadecimal digits");
    at_ += 6;
    if (*point < 0xD800 || *point > 0xDFFF) return append_utf8(out, *point), true;
    const auto low = *point < 0xDC00 ? hex(at_) : std::nullopt;
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return append_utf8(out, 0xFFFD), true;
    at_ += 6;
    append_utf8(out, 0x10000 + ((*point - 0xD800) << 10) + (*low - 0xDC00));
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return fail("a digit is due here");
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    const std::size_t begin = at_;
    bool whole = true;
    if (peek() == '-') ++at_;
    if (peek() == '0' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) {
      return fail("a number must not begin with 0");
    }
    if (!digits()) return false;
    if (peek() == '.') {
      whole = false;
      ++at_;
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return false;
    }
    return add_number(begin, whole);
  }

  bool add_number(std::size_t begin, bool whole) {
    const char* first = text_.data() + begin;
    const char* last = text_.data() + at_;
    nx_value value{};
    value.type = NX_INT;
    if (whole && std::from_chars(first, last, value.u.i).ec == std::errc()) {
      return builder_.add_scalar(value, since(begin));
    }
    value.type = NX_FLOAT;
    value.u.f = 0;
    if (std::from_chars(first, last, value.u.f).ec != std::errc()) {
      return fail_at(begin, "the number is out of range");
    }
    return builder_.add_scalar(value, since(begin));
  }

  std::string_view text_;
  TreeBuilder& builder_;
  std::size_t at_ = 0;
};

}  // namespace

bool parse_json(const Tree& tree, TreeBuilder& builder) {
  return JsonParser(tree.text(), builder).document();
}

}  // namespace narthex::document
