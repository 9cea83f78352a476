// SPDX-License-Identifier: Apache-2.0
// labels.hpp - a label set that owns its text: sorted by name (bytes), names unique, no empty
// values. The agent and plugins use it wherever a few sets are handled; columns use
// nx_series_table. A value type: copy it, compare it, no thread rules.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <compare>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex {

inline constexpr std::string_view kMetricName = "__name__";

class Labels {
 public:
  using Entry = std::pair<std::string, std::string>;

  Labels() = default;
  Labels(std::initializer_list<Entry> entries) {
    for (const Entry& e : entries) set(e.first, e.second);
  }

  // The value under a name; empty when the label is absent, which means the same.
  std::string_view get(std::string_view name) const noexcept {
    const auto at = find(name);
    return at != entries_.end() && at->first == name ? std::string_view(at->second)
                                                     : std::string_view();
  }
  bool has(std::string_view name) const noexcept { return !get(name).empty(); }

  // Sets a label; the empty value removes it.
  void set(std::string_view name, std::string_view value) {
    // Most sets are built in order: then this is an append.
    if (entries_.empty() || entries_.back().first < name) {
      if (!value.empty()) entries_.emplace_back(name, value);
      return;
    }
    const auto at = entries_.begin() + (find(name) - entries_.begin());
    if (at != entries_.end() && at->first == name) {
      if (value.empty()) {
        entries_.erase(at);
      } else {
        at->second = value;
      }
    } else if (!value.empty()) {
      entries_.emplace(at, name, value);
    }
  }
  void erase(std::string_view name) { set(name, {}); }

  template <class Predicate>
  void erase_if(Predicate predicate) {
    std::erase_if(entries_, predicate);
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

  friend bool operator==(const Labels&, const Labels&) = default;
  friend auto operator<=>(const Labels&, const Labels&) = default;

  // As the ABI wants it; the views are valid as long as this set is unchanged.
  void append_to(std::vector<nx_label>& out) const {
    for (const auto& [name, value] : entries_) out.push_back({to_nx(name), to_nx(value)});
  }

 private:
  std::vector<Entry>::const_iterator find(std::string_view name) const noexcept {
    return std::lower_bound(entries_.begin(), entries_.end(), name,
                            [](const Entry& e, std::string_view n) { return e.first < n; });
  }

  std::vector<Entry> entries_;
};

}  // namespace narthex
