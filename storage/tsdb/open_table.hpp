// SPDX-License-Identifier: Apache-2.0
// open_table.hpp - a table whose series are known to the index: ordinals of the table to ids of the
// index and back. While it lives its series are pinned, so the index keeps them. Immutable;
// thread-safe.
#pragma once

#include "storage/head/series_index.hpp"
#include "storage/partition/catalogue.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace narthex::storage::tsdb {

class OpenTable {
 public:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  // ids[o]: the series with ordinal o; they are pinned already, and let go by the destructor.
  // `index` outlives it.
  OpenTable(std::shared_ptr<partition::TableEntry> entry,
            std::shared_ptr<const partition::Table> table, std::vector<std::uint32_t> ids,
            const head::SeriesIndex& index);
  ~OpenTable();
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  const std::shared_ptr<partition::TableEntry>& entry() const { return entry_; }
  const partition::Table& table() const { return *table_; }
  std::uint64_t number() const { return number_; }  // unique among all that were ever open
  // The ordinal of a series, or kAbsent.
  std::uint32_t ordinal_of(std::uint32_t series_id) const;
  std::uint32_t id_of(std::uint32_t ordinal) const { return ids_[ordinal]; }
  bool overlaps(std::int64_t min_t, std::int64_t max_t) const;
  // Whether a chunk of the series' group overlaps the range.
  bool may_hold(std::uint32_t ordinal, std::int64_t min_t, std::int64_t max_t) const;
  std::size_t bytes() const;

 private:
  const std::shared_ptr<partition::TableEntry> entry_;
  const std::shared_ptr<const partition::Table> table_;
  const std::vector<std::uint32_t> ids_;
  const head::SeriesIndex& index_;
  const std::uint64_t number_;
  std::uint32_t least_id_ = 0;
  std::vector<std::uint32_t> ordinals_;                         // of least_id_ + i; or empty, and
  std::vector<std::pair<std::uint32_t, std::uint32_t>> by_id_;  // (id, ordinal), sorted
};

}  // namespace narthex::storage::tsdb
