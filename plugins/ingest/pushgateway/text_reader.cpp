// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/text_reader.hpp"

#include "plugins/ingest/pushgateway/family_drafts.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace narthex::ingest::pushgateway {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::optional<FamilyType> type_named(std::string_view text) {
  constexpr std::pair<std::string_view, FamilyType> kTypes[] = {
      {"counter", FamilyType::kCounter},
      {"gauge", FamilyType::kGauge},
      {"summary", FamilyType::kSummary},
      {"untyped", FamilyType::kUntyped},
      {"histogram", FamilyType::kHistogram},
      {"gaugehistogram", FamilyType::kGaugeHistogram},
      {"gauge_histogram", FamilyType::kGaugeHistogram}};
  for (const auto& [name, type] : kTypes) {
    if (sdk::detail::equals_ignoring_case(text, name)) return type;
  }
  return std::nullopt;
}

// One pass. The steps return false once error_ is set.
class TextReader {
 public:
  TextReader(std::string_view body, NameRule rule)
      : p_(body.data()), end_(p_ + body.size()), rule_(rule) {}

  Result<std::vector<Family>> read() {
    for (;;) {
      skip_spaces();
      if (p_ == end_) break;
      if (*p_ == '\n') {
        next_line();
      } else if (!(*p_ == '#' ? comment() : sample())) {
        return invalid_data("text format parsing error in line " + std::to_string(line_) + ": " +
                            error_);
      }
    }
    return drafts_.take();
  }

 private:
  bool fail(std::string text) {
    error_ = std::move(text);
    return false;
  }
  bool fail_at_end() { return fail("unexpected end of input stream"); }
  void skip_spaces() {
    while (p_ != end_ && is_space(*p_)) ++p_;
  }
  void next_line() {
    ++p_;
    ++line_;
  }
  std::string found() const {
    if (*p_ == '\n') return "'\\n'";
    return "'" + std::string(1, *p_) + "'";
  }

  // Up to a blank or a line end, which must come.
  bool read_word(std::string_view& word) {
    const char* const begin = p_;
    while (p_ != end_ && !is_space(*p_) && *p_ != '\n') ++p_;
    if (p_ == end_) return fail_at_end();
    word = {begin, static_cast<std::size_t>(p_ - begin)};
    return true;
  }
  bool read_rest_of_line(std::string_view& text) {
    const char* const begin = p_;
    p_ = std::find(p_, end_, '\n');
    if (p_ == end_) return fail_at_end();
    text = {begin, static_cast<std::size_t>(p_ - begin)};
    return true;
  }
  std::string_view read_plain_name(bool colon) {
    const char* const begin = p_;
    if (p_ != end_ && sdk::is_name_start(*p_, colon)) {
      while (p_ != end_ && sdk::is_name_char(*p_, colon)) ++p_;
    }
    return {begin, static_cast<std::size_t>(p_ - begin)};
  }

  // At an opening quote. `what` names it in the error about a line break.
  bool read_quoted(std::string& out, std::string_view what) {
    out.clear();
    for (++p_; p_ != end_; ++p_) {
      if (*p_ == '"') {
        ++p_;
        return true;
      }
      if (*p_ == '\n') {
        return fail(std::string(what) + " " + sdk::quote(out) + " contains unescaped new-line");
      }
      if (*p_ != '\\') {
        out += *p_;
      } else if (++p_ == end_) {
        break;
      } else if (*p_ == 'n') {
        out += '\n';
      } else if (*p_ == '"' || *p_ == '\\') {
        out += *p_;
      } else {
        return fail(std::string("invalid escape sequence '\\") + *p_ + "'");
      }
    }
    return fail_at_end();
  }

  // ---- comments

  bool comment() {
    ++p_;
    skip_spaces();
    std::string_view word, rest;
    if (!read_word(word)) return false;
    if (*p_ == '\n') return end_line();
    if (word != "HELP" && word != "TYPE") return read_rest_of_line(rest) && end_line();
    skip_spaces();
    if (p_ != end_ && *p_ == '\n') return end_line();
    std::string name;
    if (!read_comment_name(name)) return false;
    if (p_ == end_) return fail_at_end();
    if (*p_ == '\n') return end_line();
    if (!is_space(*p_)) return fail("invalid metric name in comment");
    FamilyDraft& draft = drafts_.of(name, part_);
    skip_spaces();
    if (p_ == end_) return fail_at_end();
    if (*p_ == '\n') return end_line();
    if (!read_rest_of_line(rest)) return false;
    return (word == "HELP" ? set_help(draft, rest) : set_type(draft, rest)) && end_line();
  }

  bool end_line() {
    next_line();
    return true;
  }

  bool read_comment_name(std::string& name) {
    if (p_ == end_) return fail_at_end();
    if (*p_ != '"') {
      name = read_plain_name(true);
      return !name.empty() || fail("invalid metric name in comment");
    }
    if (!read_quoted(name, "metric name")) return false;
    return is_metric_name(name, rule_) || fail("invalid metric name " + sdk::quote(name));
  }

  bool set_help(FamilyDraft& draft, std::string_view text) {
    if (draft.has_help) {
      return fail("second HELP line for metric name " + sdk::quote(draft.family.name));
    }
    std::string help;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        help += text[i];
        continue;
      }
      if (++i == text.size()) return fail("invalid escape sequence '\\\n'");
      if (text[i] != 'n' && text[i] != '\\') {
        return fail(std::string("invalid escape sequence '\\") + text[i] + "'");
      }
      help += text[i] == 'n' ? '\n' : '\\';
    }
    if (!sdk::is_utf8(help)) return fail("help text " + sdk::quote(help) + " is not utf8");
    draft.has_help = true;
    draft.family.help = std::move(help);
    return true;
  }

  bool set_type(FamilyDraft& draft, std::string_view text) {
    if (draft.has_type) {
      return fail("second TYPE line for metric name " + sdk::quote(draft.family.name) +
                  ", or TYPE reported after samples");
    }
    const std::optional<FamilyType> type = type_named(text);
    if (!type) return fail("unknown metric type " + sdk::quote(text));
    draft.has_type = true;
    draft.family.type = *type;
    return true;
  }

  // ---- samples

  bool sample() {
    labels_.clear();
    quantile_ = bucket_ = kNone;
    draft_ = nullptr;
    if (*p_ != '{') {
      const std::string_view name = read_plain_name(true);
      if (name.empty()) return fail("invalid metric name");
      use(drafts_.of(name, part_));
      skip_spaces();
    }
    if (p_ == end_) return fail_at_end();
    if (*p_ == '{') {
      ++p_;
      if (!labels()) return false;
    }
    if (draft_ == nullptr) return fail("invalid metric name");
    skip_spaces();
    return value();
  }

  void use(FamilyDraft& draft) {
    draft_ = &draft;
    draft.has_type = true;  // without a TYPE line, untyped from its first sample on
  }
  std::string shown_name() const {
    return sdk::quote(draft_ != nullptr ? std::string_view(draft_->family.name) : "");
  }

  // After the opening brace, up to and including the closing one.
  bool labels() {
    for (;;) {
      skip_spaces();
      if (p_ == end_) return fail_at_end();
      if (*p_ == '}') {
        ++p_;
        return true;
      }
      bool is_last = false;
      if (!label(is_last)) return false;
      if (is_last) return true;
    }
  }

  bool label(bool& is_last) {
    std::string name;
    const bool quoted = *p_ == '"';
    if (quoted) {
      if (!read_quoted(name, "metric name")) return false;
    } else {
      name = read_plain_name(false);
    }
    if (name.empty()) {
      return p_ == end_ ? fail_at_end() : fail("invalid label name for metric " + shown_name());
    }
    skip_spaces();
    if (p_ == end_) return fail_at_end();
    if (quoted && *p_ != '=' && (draft_ == nullptr || name_in_braces_)) {
      return metric_name(name, is_last);
    }
    if (*p_ != '=') return fail("expected '=' after label name, found " + found());
    if (quoted && !is_label_name(name, rule_)) {
      return fail("invalid label name " + sdk::quote(name));
    }
    if (name == "__name__") return fail("label name \"__name__\" is reserved");
    ++p_;
    skip_spaces();
    if (p_ == end_) return fail_at_end();
    if (*p_ != '"') return fail("expected '\"' at start of label value, found " + found());
    std::string text;
    if (!read_quoted(text, "label value") || !add_label(std::move(name), std::move(text))) {
      return false;
    }
    return after_label(is_last);
  }

  // A quoted name without a value inside the braces.
  bool metric_name(const std::string& name, bool& is_last) {
    if (draft_ != nullptr) return fail("multiple metric names for metric " + shown_name());
    if (*p_ != ',' && *p_ != '}') return fail("unexpected end of metric name " + found());
    if (!is_metric_name(name, rule_)) return fail("invalid metric name " + sdk::quote(name));
    use(drafts_.of(name, part_));
    name_in_braces_ = true;
    is_last = *p_++ == '}';
    if (is_last) name_in_braces_ = false;
    return true;
  }

  bool add_label(std::string name, std::string text) {
    if (!sdk::is_utf8(text)) return fail("invalid label value " + sdk::quote(text));
    last_value_ = text;
    const FamilyType kind = draft_ != nullptr ? draft_->kind() : FamilyType::kUntyped;
    if (kind == FamilyType::kSummary && name == "quantile") return bound(text, name, quantile_);
    if (kind == FamilyType::kHistogram && name == "le") return bound(text, name, bucket_);
    for (const Label& have : labels_) {
      if (have.first == name) return fail("duplicate label names for metric " + shown_name());
    }
    labels_.emplace_back(std::move(name), std::move(text));
    return true;
  }

  bool bound(std::string_view text, std::string_view name, double& out) {
    if (sdk::parse_number(text, out) == sdk::NumberError::kNone) return true;
    return fail("expected float as value for '" + std::string(name) + "' label, got " +
                sdk::quote(text));
  }

  bool after_label(bool& is_last) {
    skip_spaces();
    if (p_ == end_) return fail_at_end();
    if (*p_ != ',' && *p_ != '}') {
      return fail("unexpected end of label value " + sdk::quote(last_value_));
    }
    is_last = *p_++ == '}';
    if (is_last) name_in_braces_ = false;
    return true;
  }

  // ---- values

  bool value() {
    std::string_view word;
    double number = 0;
    if (!read_word(word)) return false;
    if (sdk::parse_number(word, number) != sdk::NumberError::kNone) {
      return fail("expected float as value, got " + sdk::quote(word));
    }
    const double bound = draft_->kind() == FamilyType::kSummary ? quantile_ : bucket_;
    std::string wrong = draft_->add(labels_, part_, bound, number);
    if (!wrong.empty()) return fail(std::move(wrong));
    return *p_ == '\n' ? end_line() : timestamp(draft_->newest());
  }

  bool timestamp(Metric& metric) {
    skip_spaces();
    std::string_view word, rest;
    if (!read_word(word)) return false;
    std::int64_t t = 0;
    const std::string_view digits = word.starts_with('+') ? word.substr(1) : word;
    const char* const last = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), last, t);
    if (error != std::errc() || stop != last) {
      return fail("expected integer as timestamp, got " + sdk::quote(word));
    }
    metric.has_timestamp = true;
    if (!read_rest_of_line(rest)) return false;
    if (!rest.empty()) return fail("spurious string after timestamp: " + sdk::quote(rest));
    return end_line();
  }

  const char* p_;
  const char* const end_;
  const NameRule rule_;
  std::size_t line_ = 1;
  std::string error_;
  FamilyDrafts drafts_;
  // Of the line that is being read.
  FamilyDraft* draft_ = nullptr;
  Part part_ = Part::kValue;
  bool name_in_braces_ = false;
  std::vector<Label> labels_;
  double quantile_ = kNone;
  double bucket_ = kNone;
  std::string last_value_;
};

}  // namespace

Result<std::vector<Family>> read_text(std::string_view body, NameRule rule) {
  return TextReader(body, rule).read();
}

}  // namespace narthex::ingest::pushgateway
