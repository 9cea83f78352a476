// SPDX-License-Identifier: Apache-2.0
// series_labels.hpp - the labels of one series on their way from a push to the storage: gathered as
// slices, then sorted, made unique and checked. Used again for series after series; one thread.
#pragma once

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::sdk {

struct LabelLimits {
  std::size_t labels_max = 64;
  std::size_t value_bytes_max = std::size_t{16} << 10;
  std::size_t name_bytes_max = std::size_t{1} << 10;
};

// A name as Prometheus had them before it took UTF-8: other characters become underscores, one a
// byte of ASCII and one a character beyond it; a digit in front gets an underscore before it.
inline std::string legacy_name(std::string_view name, bool colon) {
  std::string out;
  out.reserve(name.size() + 1);
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') out += '_';
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || (colon && c == ':');
    const bool follows = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!follows) out += good ? c : '_';
  }
  return out;
}

class SeriesLabels {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  void clear() {
    labels_.clear();
    count_ = 0;
  }
  // Adds a label; of two with one name the later holds, and one without a value says that there is
  // none. The texts live as long as the labels are used: keep() makes those that do not.
  void add(std::string_view name, std::string_view value) {
    if (++count_ <= kKeptMax) labels_.emplace_back(name, value);
  }
  void name(std::string_view metric) { add(kMetricName, metric); }
  // Text made for a label; it lives until drop_texts().
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  void drop_texts() { texts_.clear(); }

  // Makes all names legacy ones (see legacy_name).
  void make_legacy() {
    for (auto& [name, value] : labels_) {
      if (name == kMetricName) {
        value = replaced(value, true);
      } else {
        name = replaced(name, false);
      }
    }
  }

  // What is wrong, or nothing: then the labels are sorted, unique and without empty values.
  std::string finish(const LabelLimits& limits) {
    std::stable_sort(labels_.begin(), labels_.end(),
                     [](const Label& a, const Label& b) { return a.first < b.first; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (i + 1 < labels_.size() && labels_[i + 1].first == labels_[i].first) continue;
      if (!labels_[i].second.empty()) labels_[kept++] = labels_[i];
    }
    labels_.resize(kept);
    if (count_ > kKeptMax || kept > limits.labels_max) {
      return std::to_string(std::max(kept, count_)) + " labels, the limit is " +
             std::to_string(limits.labels_max);
    }
    bool named = false;
    for (const auto& [name, value] : labels_) {
      named = named || name == kMetricName;
      if (name.empty()) return "a label without a name";
      if (!is_utf8(name) || !is_utf8(value)) {
        return "label " + quote_excerpt(name) + " is not valid UTF-8";
      }
      if (name.size() > limits.name_bytes_max) return too_long("name", name, limits.name_bytes_max);
      if (value.size() > limits.value_bytes_max) {
        return too_long("value", value, limits.value_bytes_max);
      }
    }
    return named ? std::string() : "a series without a metric name";
  }
  const std::vector<Label>& labels() const { return labels_; }

 private:
  static constexpr std::size_t kKeptMax = 1024;

  std::string_view replaced(std::string_view name, bool colon) {
    std::string text = legacy_name(name, colon);
    return text == name ? name : keep(std::move(text));
  }
  static std::string too_long(std::string_view what, std::string_view text, std::size_t max) {
    return "label " + std::string(what) + " of " + std::to_string(text.size()) +
           " bytes, the limit is " + std::to_string(max);
  }

  std::vector<Label> labels_;
  std::size_t count_ = 0;  // as added, beyond kKeptMax they are not kept
  std::deque<std::string> texts_;
};

}  // namespace narthex::sdk
