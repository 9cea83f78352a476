// SPDX-License-Identifier: Apache-2.0
// label_store.hpp - the label sets of one query. Every text is there once and has a number, so sets
// are small arrays of numbers: cheap to copy, to hash and to compare for equality. Everything lives
// until the store dies. One thread.
#pragma once

#include "promql/counted_map.hpp"
#include "promql/memory.hpp"

#include <narthex/data.h>
#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::promql {

using Symbol = std::uint32_t;  // equal numbers <=> equal texts, within a store

struct LabelPair {
  Symbol name = 0;
  Symbol value = 0;
  friend bool operator==(const LabelPair&, const LabelPair&) = default;
};

// Sorted by the text of the names. A view into its store.
class LabelSet {
 public:
  LabelSet() = default;
  LabelSet(const LabelPair* pairs, std::uint32_t size) : pairs_(pairs), size_(size) {}

  const LabelPair* begin() const { return pairs_; }
  const LabelPair* end() const { return pairs_ + size_; }
  std::uint32_t size() const { return size_; }
  // The value under a name; kEmpty when there is none.
  Symbol get(Symbol name) const;

  friend bool operator==(const LabelSet& a, const LabelSet& b);
  std::size_t hash() const;

 private:
  const LabelPair* pairs_ = nullptr;
  std::uint32_t size_ = 0;
};

struct LabelSetHash {
  std::size_t operator()(const LabelSet& set) const { return set.hash(); }
};
template <class T>
using LabelSetMap = CountedMap<LabelSet, T, LabelSetHash>;

class LabelStore {
 public:
  static constexpr Symbol kEmpty = 0;

  LabelStore();
  LabelStore(const LabelStore&) = delete;
  LabelStore& operator=(const LabelStore&) = delete;

  Symbol intern(std::string_view text);
  // Symbol `index` of a table. REQUIRES: all tables that number their symbols are of one querier.
  Symbol intern(const nx_series_table& table, std::uint32_t index);
  std::string_view text(Symbol symbol) const {
    return texts_[symbol / kTextsOfBlock][symbol % kTextsOfBlock];
  }
  std::size_t symbol_count() const { return symbol_count_; }
  Symbol metric_name() const { return metric_name_; }
  Symbol type_name() const { return type_name_; }
  // __name__, __type__ and __unit__ go where an operation changes what a series means.
  bool is_metadata(Symbol name) const {
    return name == metric_name_ || name == type_name_ || name == unit_name_;
  }

  // REQUIRES: pairs sorted by name, no empty values.
  LabelSet add(std::span<const LabelPair> pairs);
  // Sorts, drops empty values; of equal names the last counts.
  LabelSet add_unsorted(std::vector<LabelPair> pairs);
  // Series `index` of a table whose symbols were interned as `symbols`.
  LabelSet add(const nx_series_table& table, std::uint32_t index, std::span<const Symbol> symbols);

  template <class Predicate>
  LabelSet filter(const LabelSet& set, Predicate keep) {
    const LabelSet kept = filtered(set, keep);
    return kept.begin() == scratch_.data() ? add({kept.begin(), kept.size()}) : kept;
  }
  // The same, valid until the next call where pairs between others go.
  template <class Predicate>
  LabelSet filtered(const LabelSet& set, Predicate keep) {
    scratch_.clear();
    const LabelPair* first = set.begin();
    for (const LabelPair& pair : set) {
      if (!keep(pair.name)) continue;
      if (scratch_.empty()) first = &pair;
      scratch_.push_back(pair);
    }
    const auto size = static_cast<std::uint32_t>(scratch_.size());
    // Pairs that stand together, as all but the name do, need no copy.
    const bool together = size == 0 || first[size - 1] == scratch_.back();
    return together ? LabelSet{first, size} : LabelSet{scratch_.data(), size};
  }
  LabelSet without_metadata(const LabelSet& set) {
    return filter(set, [this](Symbol name) { return !is_metadata(name); });
  }

  // As Prometheus orders label sets: pair by pair, name then value; a prefix comes first.
  int compare(const LabelSet& a, const LabelSet& b) const;
  // {a="b", c="d"} and foo{a="b"}
  std::string print(const LabelSet& set) const;
  Labels copy(const LabelSet& set) const;
  std::string_view name_of(const LabelSet& set) const { return text(set.get(metric_name_)); }

 private:
  static constexpr std::size_t kTextsOfBlock = 4096;

  LabelPair* allocate(std::size_t count);
  std::string_view keep(std::string_view text);

  // All in blocks, so that a million are given back in a few.
  std::vector<Column<std::string_view>> texts_;  // [symbol / kTextsOfBlock][symbol % kTextsOfBlock]
  std::size_t symbol_count_ = 0;
  std::vector<Column<char>> text_blocks_;  // what they look at
  std::size_t text_left_ = 0;
  char* text_next_ = nullptr;
  CountedMap<std::string_view, Symbol> symbols_;
  CountedMap<std::uint32_t, Symbol> by_id_;  // of the source's symbol ids
  std::vector<Column<LabelPair>> blocks_;
  std::size_t block_left_ = 0;
  LabelPair* block_next_ = nullptr;
  std::vector<LabelPair> scratch_;
  Symbol metric_name_ = 0;
  Symbol type_name_ = 0;
  Symbol unit_name_ = 0;
};

}  // namespace narthex::promql
