// SPDX-License-Identifier: Apache-2.0
// series_text.hpp - the text of a series taken apart at its labels without being understood: as
// fast as rows need it whose series are known, but whose labels matter all the same (which lines
// belong to one histogram). Views into the text; reusable.
#pragma once

#include <narthex/sdk/exposition.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::sdk {

class SeriesText {
 public:
  // False: it is no series; the way that understands text will say why.
  bool split(std::string_view text, SeriesSyntax syntax) {
    labels_.clear();
    name_ = {};
    quoted_ = false;
    p_ = text.data();
    end_ = p_ + text.size();
    blanks_ = syntax.blanks;
    const char* const name_end = find_name_end(p_, end_);
    name_ = between(p_, name_end);
    p_ = name_end;
    skip_blanks();
    return p_ == end_ ? !name_.empty() : pairs() && !name_.empty();
  }

  // As written, without quotes; escapes stay.
  std::string_view name() const { return name_; }
  // Whether the name stands in quotes, inside the braces.
  bool quoted() const { return quoted_; }
  // The value of a label as written, nullptr data when there is none.
  std::string_view value(std::string_view label) const {
    for (const Label& each : labels_) {
      if (each.name == label) return each.value.substr(1, each.value.size() - 2);
    }
    return {};
  }

  // Appends the series with another name and without two of its labels, those that are left by
  // name: equal text, equal series. An empty name is left out.
  void write(std::string_view name, std::string_view without, std::string_view nor,
             std::string& out) {
    const auto by_name = [](const Label& a, const Label& b) { return a.name < b.name; };
    if (!std::is_sorted(labels_.begin(), labels_.end(), by_name)) {
      std::stable_sort(labels_.begin(), labels_.end(), by_name);
    }
    if (!quoted_) out += name;
    bool open = false;
    const auto next = [&] {
      out += open ? ',' : '{';
      open = true;
    };
    if (quoted_ && !name.empty()) {
      next();
      ((out += '"') += name) += '"';
    }
    for (const Label& label : labels_) {
      if (label.name == without || label.name == nor) continue;
      next();
      ((out += label.name) += '=') += label.value;
    }
    if (open) out += '}';
  }

 private:
  struct Label {
    std::string_view name;   // with quotes where it has them
    std::string_view value;  // with quotes
  };

  static std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  void skip_blanks() {
    while (blanks_ && p_ != end_ && (*p_ == ' ' || *p_ == '\t')) ++p_;
  }
  bool take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  bool take_quoted(std::string_view& out) {
    const char* const begin = p_;
    if (!take('"')) return false;
    for (; p_ != end_; ++p_) {
      if (*p_ == '"') {
        out = between(begin, ++p_);
        return true;
      }
      if (*p_ == '\\' && ++p_ == end_) return false;
    }
    return false;
  }

  bool pairs() {
    if (!take('{')) return false;
    for (bool comma = true;; comma = take(',')) {
      skip_blanks();
      if (take('}')) return p_ == end_;
      if (!comma && !blanks_) return false;
      if (!pair()) return false;
      skip_blanks();
    }
  }
  bool pair() {
    Label label;
    const bool quoted = p_ != end_ && *p_ == '"';
    if (quoted) {
      if (!take_quoted(label.name)) return false;
    } else {
      const char* const begin = p_;
      if (p_ == end_ || !is_name_start(*p_, false)) return false;
      while (p_ != end_ && is_name_char(*p_, false)) ++p_;
      label.name = between(begin, p_);
    }
    skip_blanks();
    if (quoted && p_ != end_ && (*p_ == ',' || *p_ == '}')) {
      if (!name_.empty()) return false;
      name_ = label.name.substr(1, label.name.size() - 2);
      quoted_ = true;
      return true;
    }
    if (!take('=')) return false;
    skip_blanks();
    if (!take_quoted(label.value)) return false;
    labels_.push_back(label);
    return true;
  }

  std::string_view name_;
  bool quoted_ = false;
  std::vector<Label> labels_;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  bool blanks_ = false;
};

}  // namespace narthex::sdk
