// SPDX-License-Identifier: Apache-2.0
// label_sets.hpp - the label sets of several tables, each kept once: who is who when they are
// merged. Memory: 4 bytes a label and some 16 a set, 4 bytes a series of each table, and every
// distinct text once. One thread.
#pragma once

#include "storage/partition/table.hpp"

#include <deque>
#include <unordered_map>
#include <utility>

namespace narthex::storage::partition {

class LabelSets {
 public:
  // Appends the set of each series of the table, in ordinal order, to `sets`. Equal labels have
  // equal numbers, whichever table they come from.
  fs::Status load(const Table& table, std::vector<std::uint32_t>& sets);
  // The same of label sets that are no table's.
  void load_batch(const nx_series_table& batch, std::vector<std::uint32_t>& sets);

  std::size_t count() const { return ends_.size(); }
  // REQUIRES: set < count(). The texts stay as long as this does.
  void labels(std::uint32_t set, std::vector<Label>& out) const;

 private:
  // Of one batch's symbols: the pair that symbol was last the value of.
  struct Known {
    std::uint32_t name = NX_NONE;
    std::uint32_t pair = 0;
  };

  std::uint32_t symbol(std::string_view text);
  std::uint32_t pair(std::string_view name, std::string_view value);
  std::uint32_t set(std::span<const std::uint32_t> pairs);
  std::span<const std::uint32_t> members(std::uint32_t set) const;
  void grow();

  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, std::uint32_t> symbols_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;  // symbols of name and value
  std::unordered_map<std::uint64_t, std::uint32_t> pair_ids_;   // by both symbols
  std::vector<std::uint32_t> members_;                          // pairs, set after set
  std::vector<std::size_t> ends_;                               // in members_
  std::vector<std::uint32_t> slots_;                            // by hash: set + 1, or 0
  std::vector<Known> known_;
};

}  // namespace narthex::storage::partition
