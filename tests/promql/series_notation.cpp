// SPDX-License-Identifier: Apache-2.0
#include "tests/promql/series_notation.hpp"

#include "promql/histogram_math.hpp"
#include "promql/parser.hpp"
#include "promql/numbers.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <stdexcept>

namespace narthex::test {

namespace {

using promql::Arena;

[[noreturn]] void fail(std::string_view what, std::string_view text) {
  throw std::runtime_error(std::string(what) + ": " + std::string(text));
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

// Where the name and the braces of a series end; 0 when the line begins with a value.
std::size_t labels_end(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && !is_space(line[at]) && line[at] != '{') ++at;
  if (at < line.size() && line.substr(at, 2) == "{{") return 0;
  if (at >= line.size() || line[at] != '{') {
    const char c = line.empty() ? '0' : line[0];
    const bool number = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
    const std::string_view word = line.substr(0, at);
    return number || word == "NaN" || word == "Inf" || word == "nan" || word == "inf" ? 0 : at;
  }
  char quote = 0;
  for (; at < line.size(); ++at) {
    if (quote != 0) {
      if (line[at] == '\\' && quote != '`')
        ++at;
      else if (line[at] == quote)
        quote = 0;
    } else if (line[at] == '"' || line[at] == '\'' || line[at] == '`') {
      quote = line[at];
    } else if (line[at] == '}') {
      return at + 1;
    }
  }
  fail("unclosed braces", line);
}

Labels parse_labels(std::string_view text) {
  if (text == "{}") return {};
  const Result<std::vector<promql::LabelMatcher>> matchers = promql::parse_selector(text);
  if (!matchers.ok()) fail(matchers.status().message(), text);
  Labels labels;
  for (const promql::LabelMatcher& m : matchers.value()) labels.set(m.name, m.value);
  return labels;
}

double to_number(std::string_view text) {
  double sign = 1;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  const Result<double> value = promql::parse_number(text);
  if (!value.ok()) fail("no number", text);
  return sign * *value;
}

std::vector<double> to_numbers(std::string_view list) {
  std::vector<double> out;
  std::string word;
  for (const char c : std::string(list) + " ") {
    if (c != ' ' && c != '[' && c != ']') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(to_number(word));
      word.clear();
    }
  }
  return out;
}

// key:value pairs; a value in brackets may hold spaces.
std::map<std::string, std::string> fields_of(std::string_view text) {
  std::map<std::string, std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    const std::size_t colon = text.find(':', at);
    if (colon == text.npos) fail("no field", text.substr(at));
    const bool list = colon + 1 < text.size() && text[colon + 1] == '[';
    std::size_t end = list ? text.find(']', colon) + 1 : text.find(' ', colon);
    end = std::min(end, text.size());
    out[std::string(text.substr(at, colon - at))] =
        std::string(text.substr(colon + 1, end - colon - 1));
    at = end;
  }
  return out;
}

void set_buckets(nx_histogram& h, bool positive, const std::vector<double>& counts,
                 std::int32_t offset, Arena& arena) {
  if (counts.empty()) return;
  double* kept = arena.array<double>(counts.size());
  std::copy(counts.begin(), counts.end(), kept);
  nx_span* span = arena.array<nx_span>(1);
  *span = {offset, static_cast<std::uint32_t>(counts.size())};
  (positive ? h.pos : h.neg).counts = kept;
  (positive ? h.pos_spans : h.neg_spans) = span;
  (positive ? h.pos_span_count : h.neg_span_count) = 1;
  (positive ? h.pos_bucket_count : h.neg_bucket_count) = span->length;
}

std::uint8_t to_hint(const std::string& word) {
  if (word == "gauge") return NX_RESET_GAUGE;
  if (word == "reset") return NX_RESET_YES;
  return word == "not_reset" ? NX_RESET_NO : NX_RESET_UNKNOWN;
}

const nx_histogram* parse_histogram(std::string_view text, Arena& arena) {
  std::map<std::string, std::string> fields = fields_of(text);
  const auto number = [&](const char* key) {
    return fields.count(key) != 0 ? to_number(fields[key]) : 0.0;
  };
  nx_histogram* h = arena.array<nx_histogram>(1);
  h->is_float = 1;
  h->schema = static_cast<std::int32_t>(number("schema"));
  h->sum = number("sum");
  h->count.f = number("count");
  h->zero_count.f = number("z_bucket");
  h->zero_threshold = number("z_bucket_w");
  h->reset_hint = to_hint(fields["counter_reset_hint"]);
  set_buckets(*h, true, to_numbers(fields["buckets"]), static_cast<std::int32_t>(number("offset")),
              arena);
  set_buckets(*h, false, to_numbers(fields["n_buckets"]),
              static_cast<std::int32_t>(number("n_offset")), arena);
  const std::vector<double> bounds = to_numbers(fields["custom_values"]);
  double* kept = arena.array<double>(bounds.size());
  std::copy(bounds.begin(), bounds.end(), kept);
  h->custom_values = kept;
  h->custom_value_count = static_cast<std::uint32_t>(bounds.size());
  return h;
}

// Splits at spaces outside of {{ }}.
std::vector<std::string_view> items_of(std::string_view text) {
  std::vector<std::string_view> out;
  int depth = 0;
  std::size_t first = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const bool end = at == text.size() || (is_space(text[at]) && depth == 0);
    if (!end) {
      depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
      continue;
    }
    if (at > first) out.push_back(text.substr(first, at - first));
    first = at + 1;
  }
  return out;
}

NotedValue stale_value() { return {std::bit_cast<double>(NX_STALE_NAN_BITS), nullptr}; }

// `_`, `_x3`, `1`, `1x3`, `1+2x3`, `1-2x3`, and the same with {{...}}.
class Item {
 public:
  Item(std::string_view text, Arena& arena) : text_(text), arena_(arena) {}

  void append_to(std::vector<std::optional<NotedValue>>& out) {
    if (text_[0] == '_') return append_gap(out);
    if (text_ == "stale") return out.push_back(stale_value());
    NotedValue value = take_value();
    std::optional<NotedValue> growth;
    double sign = 1;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) {
      sign = text_[at_++] == '-' ? -1 : 1;
      growth = take_value();
    }
    if (at_ == text_.size()) return out.push_back(value);
    if (text_[at_++] != 'x') fail("no repetition", text_);
    const auto count = static_cast<std::size_t>(to_number(text_.substr(at_)));
    for (std::size_t i = 0; i <= count; ++i) {
      out.push_back(value);
      if (growth) value = grown(value, *growth, sign);
    }
  }

 private:
  void append_gap(std::vector<std::optional<NotedValue>>& out) {
    const auto count = text_.size() > 2 ? static_cast<std::size_t>(to_number(text_.substr(2))) : 1;
    out.insert(out.end(), count, std::nullopt);
  }

  NotedValue take_value() {
    if (text_.substr(at_, 2) == "{{") {
      const std::size_t end = text_.find("}}", at_);
      const std::string_view inner = text_.substr(at_ + 2, end - at_ - 2);
      at_ = end + 2;
      return {0, parse_histogram(inner, arena_)};
    }
    const std::size_t first = at_;
    if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
    while (at_ < text_.size() && text_[at_] != 'x' &&
           ((text_[at_] != '+' && text_[at_] != '-') || (text_[at_ - 1] | 0x20) == 'e')) {
      ++at_;
    }
    return {to_number(text_.substr(first, at_ - first)), nullptr};
  }

  NotedValue grown(const NotedValue& value, const NotedValue& growth, double sign) {
    if (value.h == nullptr) return {value.v + sign * growth.v, nullptr};
    return {0, promql::add_histograms(*value.h, *growth.h, sign < 0 ? -1 : 1, arena_).result};
  }

  std::string_view text_;
  Arena& arena_;
  std::size_t at_ = 0;
};

}  // namespace

NotedSeries parse_series(std::string_view line, Arena& arena) {
  NotedSeries out;
  const std::size_t end = labels_end(line);
  out.has_labels = end > 0;
  if (out.has_labels) out.labels = parse_labels(line.substr(0, end));
  for (const std::string_view item : items_of(line.substr(end))) {
    Item(item, arena).append_to(out.values);
  }
  return out;
}

}  // namespace narthex::test
