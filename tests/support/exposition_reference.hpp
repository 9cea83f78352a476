// SPDX-License-Identifier: Apache-2.0
// exposition_reference.hpp - the two text formats read slowly and plainly, byte by byte, as one
// reads the lexers of Prometheus: the twin that the fast parsers are compared with.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/exposition.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct ReferenceSample {
  Pairs labels;  // sorted by name; empty values kept
  std::uint64_t value_bits = 0;
  std::optional<std::int64_t> t;
  bool has_exemplar = false;
  friend bool operator==(const ReferenceSample&, const ReferenceSample&) = default;
};
using ReferenceBody = std::optional<std::vector<ReferenceSample>>;  // nullopt: refused

class ExpositionReference {
 public:
  ExpositionReference(std::string_view body, bool openmetrics) : b_(body), om_(openmetrics) {
    if (!om_) b_ += '\n';
  }

  ReferenceBody read() {
    while (!done_) {
      if (i_ == b_.size()) return om_ ? std::nullopt : ReferenceBody(samples_);
      if (!line()) return std::nullopt;
    }
    return samples_;
  }

 private:
  char at(std::size_t ahead = 0) const { return i_ + ahead < b_.size() ? b_[i_ + ahead] : '\0'; }
  bool end() const { return i_ >= b_.size(); }  // an escape may have gone beyond
  bool take(char c) {
    if (end() || b_[i_] != c) return false;
    ++i_;
    return true;
  }
  bool take(std::string_view text) {
    if (b_.compare(i_, text.size(), text) != 0) return false;
    i_ += text.size();
    return true;
  }
  void blanks() {
    while (!om_ && !end() && (at() == ' ' || at() == '\t')) ++i_;
  }
  static bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  static bool digit(char c) { return c >= '0' && c <= '9'; }

  std::string name(bool colon) {
    std::string out;
    while (!end() && (letter(at()) || (colon && at() == ':') || (!out.empty() && digit(at())))) {
      out += b_[i_++];
    }
    return out;
  }
  std::optional<std::string> quoted(bool newline) {
    if (!take('"')) return std::nullopt;
    std::string raw;
    while (!end()) {
      if (take('"')) return sdk::is_utf8(raw) ? std::optional(undo(raw)) : std::nullopt;
      if (at() == '\n' && !newline) return std::nullopt;
      if (at() == '\\') {
        raw += b_[i_++];
        if (end() || at() == '\n') return std::nullopt;
      }
      raw += b_[i_++];
    }
    return std::nullopt;
  }
  static std::string undo(const std::string& raw) {
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\\' && i + 1 < raw.size() &&
          (raw[i + 1] == '\\' || raw[i + 1] == '"' || raw[i + 1] == 'n')) {
        ++i;
        out += raw[i] == 'n' ? '\n' : raw[i];
      } else {
        out += raw[i];
      }
    }
    return out;
  }

  bool line() {
    if (!om_) {
      blanks();
      if (take('\n')) return true;
    }
    if (at() == '#') return om_ ? om_comment() : text_comment();
    return sample();
  }

  std::string rest_of_line() {
    std::string out;
    while (!end() && at() != '\n') out += b_[i_++];
    return out;
  }

  bool text_comment() {
    const std::string all = rest_of_line();
    ++i_;
    std::size_t p = 1;
    while (p < all.size() && (all[p] == ' ' || all[p] == '\t')) ++p;
    const std::string word = all.substr(std::min(p, all.size()), 4);
    if (p == 1 || (word != "HELP" && word != "TYPE")) return true;
    p += 4;
    if (p >= all.size() || (all[p] != ' ' && all[p] != '\t')) return true;
    while (p < all.size() && (all[p] == ' ' || all[p] == '\t')) ++p;
    const std::size_t name_begin = p;
    if (p < all.size() && all[p] == '"') {
      for (++p; p < all.size() && all[p] != '"'; ++p) {
        if (all[p] == '\\') ++p;
      }
      if (p >= all.size()) return false;
      ++p;
    } else {
      while (p < all.size() &&
             (letter(all[p]) || all[p] == ':' || (p > name_begin && digit(all[p])))) {
        ++p;
      }
    }
    if (p == name_begin) return false;
    std::string text = all.substr(p);
    if (!text.empty() && text[0] == '\0') return false;
    if (text.find_first_not_of(" \t") == std::string::npos) text.clear();
    if (!text.empty()) text.erase(0, 1);
    if (word == "HELP") return sdk::is_utf8(text);
    return set_type(text, {"counter", "gauge", "histogram", "summary", "untyped"});
  }

  bool om_comment() {
    if (take("# EOF")) {
      take('\n');
      done_ = true;
      return end();
    }
    const bool help = take("# HELP "), type = !help && take("# TYPE "),
               unit = !help && !type && take("# UNIT ");
    if (!help && !type && !unit) return false;
    std::string family;
    if (at() == '"') {
      const std::size_t begin = ++i_;
      for (; !end() && at() != '"'; ++i_) {
        if (at() == '\\') ++i_;
      }
      if (i_ >= b_.size()) return false;
      family = b_.substr(begin, i_++ - begin);
    } else {
      family = name(true);
      if (family.empty()) return false;
    }
    if (!take(' ')) return false;
    const std::string text = rest_of_line();
    if (!take('\n')) return false;
    if (help) return sdk::is_utf8(text);
    if (unit) {
      const std::string suffix = "_" + text;
      return text.empty() || (family.size() >= suffix.size() && family.ends_with(suffix));
    }
    return set_type(text, {"counter", "gauge", "histogram", "gaugehistogram", "summary", "info",
                           "stateset", "unknown"});
  }

  bool set_type(const std::string& text, const std::vector<std::string>& allowed) {
    for (const std::string& type : allowed) {
      if (type == text) {
        type_ = text;
        return true;
      }
    }
    return false;
  }

  bool sample() {
    ReferenceSample s;
    const std::string metric = name(true);
    if (!metric.empty()) s.labels.emplace_back("__name__", metric);
    const std::size_t before = i_;
    blanks();
    if (at() == '{' && !end()) {
      ++i_;
      if (!pairs(s.labels, !metric.empty())) return false;
    } else {
      i_ = before;
      if (metric.empty()) return false;
    }
    double value = 0;
    if (!(om_ ? om_number(value) : text_number(value))) return false;
    s.value_bits = std::bit_cast<std::uint64_t>(value);
    if (!(om_ ? om_suffix(s) : text_suffix(s))) return false;
    return keep(std::move(s));
  }

  bool keep(ReferenceSample s) {
    for (auto& [key, value] : s.labels) {
      const bool bound =
          (type_ == "histogram" && key == "le") || (type_ == "summary" && key == "quantile");
      double number = 0;
      if (bound && sdk::parse_number(value, number) == sdk::NumberError::kNone) {
        value = sdk::format_label_number(number);
      }
    }
    std::stable_sort(s.labels.begin(), s.labels.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < s.labels.size(); ++i) {
      if (s.labels[i - 1].first == s.labels[i].first) return false;
    }
    samples_.push_back(std::move(s));
    return true;
  }

  bool pairs(Pairs& out, bool named, bool exemplar = false) {
    while (true) {
      blanks();
      if (take('}')) return named || exemplar;
      const bool in_quotes = at() == '"';
      std::string key;
      if (in_quotes) {
        const auto text = quoted(true);
        if (!text) return false;
        key = *text;
      } else {
        key = name(false);
        if (key.empty()) return false;
      }
      blanks();
      if (in_quotes && (at() == ',' || at() == '}')) {
        if (named || exemplar) return false;
        named = true;
        out.emplace_back("__name__", key);
      } else {
        if (!take('=')) return false;
        blanks();
        const auto value = quoted(!om_);
        if (!value) return false;
        out.emplace_back(key, *value);
      }
      blanks();
      if (!take(',') && om_ && at() != '}') return false;
    }
  }

  static bool number(const std::string& token, double& value) {
    static const std::string kAllowed = "0123456789+-.eE";
    std::string lower;
    for (const char c : token) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (lower == "nan") {
      value = std::bit_cast<double>(NX_NORMAL_NAN_BITS);
      return true;
    }
    for (const char* word : {"inf", "infinity", "+inf", "+infinity", "-inf", "-infinity"}) {
      if (lower == word) {
        value = lower[0] == '-' ? -INFINITY : INFINITY;
        return true;
      }
    }
    if (token.empty() || token.find_first_not_of(kAllowed) != std::string::npos) return false;
    char* stop = nullptr;
    value = std::strtod(token.c_str(), &stop);
    return *stop == '\0' && std::isfinite(value);
  }
  std::string token(std::string_view stop) {
    std::string out;
    while (!end() && stop.find(b_[i_]) == std::string_view::npos) out += b_[i_++];
    return out;
  }

  bool text_number(double& value) {
    blanks();
    return number(token(std::string_view("{ \t\n\0", 5)), value);
  }
  bool text_suffix(ReferenceSample& s) {
    blanks();
    if (take('\n')) return true;
    std::string digits;
    while (!end() && digit(at())) digits += b_[i_++];
    if (digits.empty()) return false;
    errno = 0;
    s.t = std::strtoll(digits.c_str(), nullptr, 10);
    if (errno != 0) return false;
    blanks();
    return take('\n');
  }

  bool om_number(double& value) {
    if (!take(' ')) return false;
    return number(token(" \n"), value);
  }
  bool om_suffix(ReferenceSample& s) {
    if (b_.compare(i_, 4, " # {") != 0 && at() == ' ') {
      double seconds = 0;
      if (!om_number(seconds) || !std::isfinite(seconds)) return false;
      s.t = ms(seconds);
    }
    if (take(" # {")) {
      Pairs exemplar;
      double value = 0;
      if (!pairs(exemplar, false, true) || !om_number(value)) return false;
      if (at() == ' ' && (!om_number(value) || !std::isfinite(value))) return false;
      s.has_exemplar = true;
    }
    return take('\n');
  }
  static std::int64_t ms(double seconds) {
    const double t = seconds * 1000;
    if (t >= 9.2e18) return INT64_MAX;
    if (t <= -9.2e18) return INT64_MIN;
    return static_cast<std::int64_t>(t);
  }

  std::string b_;
  bool om_;
  std::size_t i_ = 0;
  bool done_ = false;
  std::string type_;
  std::vector<ReferenceSample> samples_;
};

}  // namespace narthex::test
