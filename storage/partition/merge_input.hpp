// SPDX-License-Identifier: Apache-2.0
// merge_input.hpp - one table that is merged: reads its series one after another. Keeps the pages
// of the group it is at, and their time columns. One thread.
#pragma once

#include "storage/column/histogram_column.hpp"
#include "storage/partition/sample_column.hpp"
#include "storage/partition/table.hpp"

#include <memory>
#include <vector>

namespace narthex::storage::partition {

// Floats and histograms of one series.
struct MergedSamples {
  SampleColumn<double> floats;
  SampleColumn<nx_histogram> histograms;
  column::HistogramRows memory;  // what the histograms point to

  void clear();
  SeriesSamples view(Labels labels) const;
};

class MergeInput {
 public:
  // Of damage: the caller is told, or what cannot be read is left out.
  enum class OnDamage { kFail, kLeaveOut };

  MergeInput(std::shared_ptr<const Table> table, std::shared_ptr<const Tombstones> tombstones,
             OnDamage on_damage = OnDamage::kFail)
      : table_(std::move(table)), tombstones_(std::move(tombstones)), on_damage_(on_damage) {}

  const Table& table() const { return *table_; }
  const std::shared_ptr<const Tombstones>& tombstones() const { return tombstones_; }

  // Which series is next, by ordinal, and its label set.
  std::vector<std::uint32_t> sets;
  std::uint32_t next = 0;
  bool at_end() const { return next == sets.size(); }
  // REQUIRES: !at_end().
  std::uint32_t set() const { return sets[next]; }

  // Appends what the next series has and is not deleted, and passes it. EBADMSG: damaged, and
  // nothing is left out.
  // REQUIRES: !at_end().
  fs::Status read_next(MergedSamples& out);

 private:
  struct Page {
    std::shared_ptr<const TablePage> page;
    std::vector<std::vector<std::int64_t>> times;  // of each time column, once it was needed
  };

  fs::Status damaged(const std::string& what) const;
  fs::Status enter_group(std::uint32_t group);
  Status read_entry(Page& page, const column::PageEntry& entry, MergedSamples& out);

  const std::shared_ptr<const Table> table_;
  const std::shared_ptr<const Tombstones> tombstones_;  // null: none
  const OnDamage on_damage_;
  std::uint32_t group_ = NX_NONE;
  std::vector<Page> pages_;
};

}  // namespace narthex::storage::partition
