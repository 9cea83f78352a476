// SPDX-License-Identifier: Apache-2.0
// exposition.hpp - what the two text formats of Prometheus have in common: where a series' name and
// labels end in a line (at memory speed, checking nothing), and, for series that are not known yet,
// what the labels are (checking everything).
//
// The split is the point: in the steady state every series of a scrape is known, so its text needs
// to be delimited and compared, not understood.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace narthex::sdk {

// ---- characters ---------------------------------------------------------------------------------

inline bool is_name_start(char c, bool colon) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
}
inline bool is_name_char(char c, bool colon) noexcept {
  return is_name_start(c, colon) || detail::is_digit(c);
}

// ---- delimiting ---------------------------------------------------------------------------------

// The first byte in [p, end) that cannot be part of a metric name, or end.
inline const char* find_name_end(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    // A byte is in [low, low + width] when min(byte - low, width) is byte - low itself.
    const auto within = [](__m128i v, char low, char width) {
      const __m128i offset = _mm_sub_epi8(v, _mm_set1_epi8(low));
      return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(width)), offset);
    };
    const __m128i letters = within(_mm_or_si128(x, _mm_set1_epi8(0x20)), 'a', 25);
    const __m128i digits = within(x, '0', 10);  // and ':', which follows '9'
    const __m128i underscore = _mm_cmpeq_epi8(x, _mm_set1_epi8('_'));
    const int mask = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digits), underscore));
    if (mask != 0xFFFF) return p + std::countr_one(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (p != end && is_name_char(*p, true)) ++p;
  return p;
}

namespace detail {

inline const char* find_labels_end_slow(const char* p, const char* end, bool quoted) noexcept {
  for (; p != end; ++p) {
    if (*p == '\\' && quoted) {
      if (++p == end) return nullptr;
    } else if (*p == '"') {
      quoted = !quoted;
    } else if (*p == '}' && !quoted) {
      return p + 1;
    }
  }
  return nullptr;
}

#if defined(__SSE2__)
inline std::uint64_t bytes_equal(const __m128i (&block)[4], char c) noexcept {
  const __m128i wanted = _mm_set1_epi8(c);
  std::uint64_t mask = 0;
  for (int i = 3; i >= 0; --i) {
    mask = mask << 16 |
           static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block[i], wanted)));
  }
  return mask;
}
#endif

}  // namespace detail

// `p` stands after an opening brace: the byte after the closing one, quotes observed; nullptr when
// there is none.
inline const char* find_labels_end(const char* p, const char* end) noexcept {
  bool quoted = false;
#if defined(__SSE2__)
  while (end - p >= 64) {
    __m128i block[4];
    for (int i = 0; i < 4; ++i) {
      block[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    }
    // Bit i of `inside` is the parity of quotes up to and including byte i.
    std::uint64_t inside = detail::bytes_equal(block, '"');
    for (int shift = 1; shift < 64; shift *= 2) inside ^= inside << shift;
    if (quoted) inside = ~inside;
    const std::uint64_t closing = detail::bytes_equal(block, '}') & ~inside;
    const std::uint64_t before = closing != 0 ? (closing & (~closing + 1)) - 1 : ~std::uint64_t{0};
    if ((detail::bytes_equal(block, '\\') & before) != 0) break;  // escapes: byte by byte
    if (closing != 0) return p + std::countr_zero(closing) + 1;
    quoted = (inside >> 63) != 0;
    p += 64;
  }
#endif
  return detail::find_labels_end_slow(p, end, quoted);
}

// ---- understanding
// --------------------------------------------------------------------------------

// Text that had to be changed; pieces stay where they are until clear().
class TextArena {
 public:
  nx_str keep(std::string text) { return to_nx(texts_.emplace_back(std::move(text))); }
  void clear() { texts_.clear(); }

 private:
  std::deque<std::string> texts_;
};

// What labels may look like.
struct SeriesSyntax {
  bool blanks = false;            // spaces and tabs between tokens, and no comma needed
  bool newline_in_value = false;  // a raw line break inside a label value
  bool exemplar = false;          // no metric name inside the braces
};

// What is wrong, and at which byte of the text. Empty: nothing.
struct SeriesError {
  std::size_t at = 0;
  std::string text;
  bool ok() const { return text.empty(); }
};

// `\"`, `\\` and `\n` undone; other escapes stay as they are written.
inline nx_str unescape(std::string_view text, bool quotes, TextArena& arena) {
  if (text.find('\\') == std::string_view::npos) return to_nx(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == '\\' || next == 'n' || (quotes && next == '"'))) {
      out += next == 'n' ? '\n' : next;
      ++i;
    } else {
      out += text[i];
    }
  }
  return arena.keep(std::move(out));
}

// Reads one series as it stands in a line: name{label="value",...}, {"name",...}, or for exemplars
// {...} only. Pairs come out in order of appearance; empty values are kept.
class SeriesReader {
 public:
  SeriesReader(std::string_view text, SeriesSyntax syntax, TextArena& arena,
               std::vector<nx_label>& out)
      : text_(text), syntax_(syntax), arena_(arena), out_(out) {}

  SeriesError read() {
    const std::size_t first = out_.size();
    if (!is_utf8(text_)) return fail(0, "invalid UTF-8 in series " + quote_excerpt(text_));
    if (at_ < text_.size() && is_name_start(text_[at_], true)) {
      while (at_ < text_.size() && is_name_char(text_[at_], true)) ++at_;
      set_name(text_.substr(0, at_));
      skip_blanks();
      if (at_ == text_.size()) return {};
    }
    if (at_ == text_.size() || text_[at_] != '{') return unexpected("expected a valid start token");
    ++at_;
    SeriesError error = read_pairs();
    if (!error.ok()) return error;
    if (!syntax_.exemplar && !named_) {
      out_.resize(first);
      return fail(0, "metric name not set while parsing: " + quote_excerpt(text_));
    }
    return {};
  }

 private:
  static SeriesError fail(std::size_t at, std::string text) { return {at, std::move(text)}; }
  SeriesError unexpected(std::string_view wanted) const {
    const std::string_view got = text_.substr(at_, 1);
    return fail(at_, std::string(wanted) + ", got " + quote_excerpt(got.empty() ? "\n" : got) +
                         " while parsing: " + quote_excerpt(text_.substr(0, at_ + 1)));
  }
  void skip_blanks() {
    if (!syntax_.blanks) return;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void set_name(std::string_view name) {
    out_.push_back({NX_STR("__name__"), to_nx(name)});
    named_ = true;
  }

  SeriesError read_pairs() {
    for (bool first = true;; first = false) {
      skip_blanks();
      if (next_is('}')) {
        ++at_;
        return at_ == text_.size() ? SeriesError() : unexpected("expected value after metric");
      }
      if (!first && !syntax_.blanks && !comma_) return unexpected("expected comma or brace close");
      SeriesError error = read_pair();
      if (!error.ok()) return error;
      skip_blanks();
      comma_ = next_is(',');
      if (comma_) ++at_;
    }
  }

  SeriesError read_pair() {
    const std::size_t begin = at_;
    const bool quoted = next_is('"');
    std::string_view name;
    if (quoted) {
      if (!read_quoted(true, name)) return unexpected("expected label name");
    } else {
      if (at_ == text_.size() || !is_name_start(text_[at_], false)) {
        return unexpected("expected label name");
      }
      while (at_ < text_.size() && is_name_char(text_[at_], false)) ++at_;
      name = text_.substr(begin, at_ - begin);
    }
    skip_blanks();
    if (quoted && (next_is(',') || next_is('}'))) {
      if (syntax_.exemplar) return unexpected("expected label name");
      if (named_) {
        return fail(
            begin, "metric name already set while parsing: " + quote_excerpt(text_.substr(0, at_)));
      }
      set_name(view(unescape(name, true, arena_)));
      return {};
    }
    if (!next_is('=')) return unexpected("expected equal");
    ++at_;
    skip_blanks();
    std::string_view value;
    if (!next_is('"') || !read_quoted(syntax_.newline_in_value, value)) {
      return unexpected("expected label value");
    }
    out_.push_back({unescape(name, true, arena_), unescape(value, true, arena_)});
    return {};
  }

  // At an opening quote: the text up to the closing one. An escaped line break is never allowed.
  bool read_quoted(bool newline, std::string_view& text) {
    const std::size_t begin = ++at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        text = text_.substr(begin, at_ - begin);
        ++at_;
        return true;
      }
      if (c == '\n' && !newline) return false;
      if (c == '\\' && (++at_ == text_.size() || text_[at_] == '\n')) return false;
    }
    return false;
  }

  std::string_view text_;
  SeriesSyntax syntax_;
  TextArena& arena_;
  std::vector<nx_label>& out_;
  std::size_t at_ = 0;
  bool named_ = false;
  bool comma_ = false;
};

// Brings `le` of histograms and `quantile` of summaries into their canonical form, so that "1" and
// "1.0" are one series.
inline void normalise_bounds(std::span<nx_label> labels, std::uint32_t type, TextArena& arena) {
  const std::string_view wanted = type == NX_TYPE_HISTOGRAM ? "le"
                                  : type == NX_TYPE_SUMMARY ? "quantile"
                                                            : "";
  if (wanted.empty()) return;
  for (nx_label& label : labels) {
    double value = 0;
    if (view(label.name) != wanted) continue;
    if (parse_number(view(label.value), value) != NumberError::kNone) continue;
    std::string text = format_label_number(value);
    if (text != view(label.value)) label.value = arena.keep(std::move(text));
  }
}

}  // namespace narthex::sdk
