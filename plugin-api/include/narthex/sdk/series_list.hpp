// SPDX-License-Identifier: Apache-2.0
// series_list.hpp - builds an nx_series_table: label sets of many series over symbols that it
// owns. Move-only; no thread rules. view() stays good until the next add() or move.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/labels.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace narthex::sdk {

using LabelView = std::pair<std::string_view, std::string_view>;

class SeriesList {
 public:
  SeriesList() = default;
  SeriesList(SeriesList&&) = default;  // symbols_ points into numbers_: moved, never copied
  SeriesList& operator=(SeriesList&&) = default;

  // Adds a series; its number is what size() was. Empty values are left out, as they mean absence.
  void add(std::string_view name, std::span<const LabelView> labels) {
    pairs_.clear();
    pairs_.emplace_back(kMetricName, name);
    for (const LabelView& label : labels) {
      if (!label.second.empty()) pairs_.push_back(label);
    }
    std::sort(pairs_.begin(), pairs_.end());
    for (const auto& [label, value] : pairs_) {
      refs_.push_back(symbol(label));
      refs_.push_back(symbol(value));
    }
    offsets_.push_back(static_cast<std::uint32_t>(refs_.size() / 2));
  }
  void add(std::string_view name, std::initializer_list<LabelView> labels) {
    add(name, std::span<const LabelView>(labels.begin(), labels.size()));
  }
  // Says what a family is; several series may share it.
  void describe(std::string_view family, std::uint32_t type, std::string_view help) {
    families_.push_back({std::string(family), std::string(help), type});
  }

  std::size_t size() const noexcept { return offsets_.size() - 1; }

  nx_series_table view() {
    views_.clear();
    for (const std::string* text : symbols_) views_.push_back(to_nx(*text));
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = static_cast<std::uint32_t>(size());
    table.symbol_count = static_cast<std::uint32_t>(views_.size());
    table.symbols = views_.data();
    table.label_ref = refs_.data();
    table.label_off = offsets_.data();
    return table;
  }
  std::vector<nx_metadata> metadata() const {
    std::vector<nx_metadata> all;
    for (const Family& family : families_) {
      nx_metadata meta{};
      meta.series = NX_NONE;
      meta.type = family.type;
      meta.family = to_nx(family.name);
      meta.help = to_nx(family.help);
      all.push_back(meta);
    }
    return all;
  }

 private:
  struct Family {
    std::string name;
    std::string help;
    std::uint32_t type;
  };

  std::uint32_t symbol(std::string_view text) {
    const auto next = static_cast<std::uint32_t>(symbols_.size());
    const auto [at, is_new] = numbers_.try_emplace(std::string(text), next);
    if (is_new) symbols_.push_back(&at->first);  // a node of the map stays where it is
    return at->second;
  }

  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> symbols_;
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> offsets_{0};
  std::vector<Family> families_;
  std::vector<LabelView> pairs_;  // of the series that is being added
  std::vector<nx_str> views_;
};

}  // namespace narthex::sdk
