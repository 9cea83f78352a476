// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/influx/point_reader.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <charconv>

namespace narthex::ingest::influx {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// The whole of a text as an integer that fits into T.
template <class T>
bool parse_whole(std::string_view text, T& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && stop == text.data() + text.size();
}

template <class T>
bool parse_whole_as_double(std::string_view text, double& out) {
  T whole = 0;
  if (!parse_whole(text, whole)) return false;
  out = static_cast<double>(whole);
  return true;
}

bool parse_bare_value(std::string_view text, double& out) {
  if (text.empty()) return false;
  if (is_one_of(text, {"t", "T", "true", "True", "TRUE"})) {
    out = 1;
    return true;
  }
  if (is_one_of(text, {"f", "F", "false", "False", "FALSE"})) {
    out = 0;
    return true;
  }
  const std::string_view digits = text.substr(0, text.size() - 1);
  if (text.back() == 'i') return parse_whole_as_double<std::int64_t>(digits, out);
  if (text.back() == 'u') return parse_whole_as_double<std::uint64_t>(digits, out);
  return sdk::parse_number(text, out) == sdk::NumberError::kNone;
}

// Where a piece of a series part ends: at an unescaped character of `stops`.
std::size_t piece_end(std::string_view text, std::size_t at, std::string_view stops) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (stops.find(text[at]) != std::string_view::npos) {
      return at;
    }
  }
  return text.size();
}

}  // namespace

PointReader::Found PointReader::next() {
  for (;;) {
    if (at_ >= body_.size()) return Found::kEnd;
    line_ = next_line_;
    line_begin_ = at_;
    skip_blanks();
    const bool nothing = at_end_of_line() || at() == '#';
    const bool good = nothing || read_point();
    // After a fault the lines of an open text are read as lines again.
    const std::size_t from = good ? at_ : line_begin_;
    const std::size_t end = body_.find('\n', from);
    at_ = end == std::string_view::npos ? body_.size() : end + 1;
    next_line_ += static_cast<std::uint64_t>(
        std::count(body_.begin() + static_cast<std::ptrdiff_t>(line_begin_),
                   body_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'));
    if (!nothing) return good ? Found::kPoint : Found::kBad;
  }
}

bool PointReader::read_point() {
  point_.fields.clear();
  point_.timestamp.reset();
  series_begin_ = at_;
  at_ = token_end(at_, " ");
  point_.series = slice(series_begin_, at_);
  if (at() != ' ') return fail(at_, "expected a blank and fields after the series");
  skip_blanks();
  for (;;) {
    if (!read_field()) return false;
    if (at() != ',') break;
    ++at_;
  }
  skip_blanks();
  return at_end_of_line() || read_timestamp();
}

bool PointReader::read_field() {
  Field field;
  const std::size_t begin = at_;
  at_ = token_end(at_, " =,");
  field.name = slice(begin, at_);
  if (at() != '=') {
    return fail(begin, "expected field=value, got " + sdk::quote_excerpt(field.name));
  }
  if (field.name.empty()) return fail(begin, "a field without a name");
  ++at_;
  if (!read_value(field)) return false;
  point_.fields.push_back(field);
  return true;
}

bool PointReader::read_value(Field& field) {
  if (at() == '"') {
    field.is_text = true;
    return read_text();
  }
  const std::size_t begin = at_;
  while (!at_end_of_line() && at() != ' ' && at() != ',') ++at_;
  const std::string_view text = slice(begin, at_);
  if (parse_bare_value(text, field.value)) return true;
  return fail(begin, "the value of field " + sdk::quote_excerpt(field.name) + " is " +
                         (text.empty() ? "missing"
                                       : "no number, integer (1i, 1u), boolean or quoted text: " +
                                             sdk::quote_excerpt(text)));
}

bool PointReader::read_text() {
  const std::size_t begin = at_++;
  while (at_ < body_.size() && body_[at_] != '"') at_ += body_[at_] == '\\' ? 2 : 1;
  if (at_ >= body_.size()) return fail(begin, "a text without its closing quote");
  ++at_;
  if (at_end_of_line() || at() == ' ' || at() == ',') return true;
  return fail(at_,
              "expected a comma or a blank after a text, got " + sdk::quote(slice(at_, at_ + 1)));
}

bool PointReader::read_timestamp() {
  const std::size_t begin = at_;
  while (!at_end_of_line() && at() != ' ') ++at_;
  const std::string_view text = slice(begin, at_);
  std::int64_t value = 0;
  if (!parse_whole(text, value)) {
    return fail(begin, "the timestamp is no integer: " + sdk::quote_excerpt(text));
  }
  point_.timestamp = value;
  skip_blanks();
  return at_end_of_line() || fail(at_, "expected the end of the line after the timestamp");
}

bool PointReader::fail(std::size_t at, std::string text) {
  column_ = at - line_begin_ + 1;
  fault_ = std::move(text);
  return false;
}

// The first unescaped character of `stops` from `at` on, or the end of the line.
std::size_t PointReader::token_end(std::size_t at, std::string_view stops) const {
  for (; at < body_.size(); ++at) {
    const char c = body_[at];
    if (c == '\n') return at;
    if (c == '\\' && at + 1 < body_.size() && body_[at + 1] != '\n') {
      ++at;
    } else if (stops.find(c) != std::string_view::npos ||
               (c == '\r' && (at + 1 == body_.size() || body_[at + 1] == '\n'))) {
      return at;
    }
  }
  return body_.size();
}

bool PointReader::at_end_of_line() const {
  if (at_ >= body_.size() || body_[at_] == '\n') return true;
  return body_[at_] == '\r' && (at_ + 1 == body_.size() || body_[at_ + 1] == '\n');
}

void PointReader::skip_blanks() {
  while (at_ < body_.size() && body_[at_] == ' ') ++at_;
}

SeriesPart read_series(std::string_view series, sdk::SeriesLabels& labels) {
  SeriesPart part;
  std::size_t at = piece_end(series, 0, ",");
  part.measurement = unescape(series.substr(0, at), labels);
  while (at < series.size()) {
    const std::size_t begin = ++at;
    at = piece_end(series, at, ",=");
    const std::string_view name = series.substr(begin, at - begin);
    if (at >= series.size() || series[at] != '=' || name.empty()) {
      part.fault_at = begin;
      part.fault = "expected tag=value, got " + sdk::quote_excerpt(name);
      return part;
    }
    const std::size_t value = ++at;
    at = piece_end(series, at, ",");
    labels.add(unescape(name, labels), unescape(series.substr(value, at - value), labels));
  }
  return part;
}

std::string_view unescape(std::string_view text, sdk::SeriesLabels& labels) {
  if (text.find('\\') == std::string_view::npos) return text;
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == ' ' || next == ',' || next == '=' || next == '\\')) ++i;
    out += text[i];
  }
  return labels.keep(std::move(out));
}

}  // namespace narthex::ingest::influx
