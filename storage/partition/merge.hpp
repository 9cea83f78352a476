// SPDX-License-Identifier: Apache-2.0
// merge.hpp - several tables of one partition become one, or one is written again without what is
// deleted: in slices, series by series. Memory: one series, one group's pages a table, and the
// label sets (label_sets.hpp). One thread, the one that changes the catalogue.
#pragma once

#include "storage/partition/catalogue.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace narthex::storage::partition {

// What is worth merging, most useful first: nothing while `tables` are few. A partition whose end
// is not after `closed_before` is merged whole: when nothing of it was merged yet, when something
// is deleted, when what came later has reached a quarter of it, and with `all` in any case.
// Otherwise small late tables are merged among themselves, and into a larger one only above a
// quarter of its size. An open partition is kept below 32 tables, by merges of 12 or more of like
// size as long as there are such. Only tables that follow one another in sequence are merged, at
// most 16 at a time. Never empty; merging what is chosen comes to an end.
std::optional<TableSet> choose_merge(const TableSet& tables, std::int64_t closed_before,
                                     bool all = false);

class Merge {
 public:
  // The entries are of one partition, neighbours in sequence, oldest first. A table that cannot be
  // opened is handled as the catalogue does; one with a damaged page is marked. The merge ends with
  // an error, and the next choice leaves the partition out.
  static fs::Result<std::unique_ptr<Merge>> begin(fs::FileSystem& files, Catalogue& catalogue,
                                                  TableSet entries, const TableOptions& options);
  virtual ~Merge() = default;

  enum class Progress { kMore, kDone };
  // Works until `should_pause` says true (asked every few series) or all is done: then the new
  // table stands in for the old ones, with everything that is deleted left out. EAGAIN: tables or
  // tombstones have changed since the beginning; choose again. After an error, which ends the
  // merge, nothing has changed.
  virtual fs::Result<Progress> step(const std::function<bool()>& should_pause) = 0;
};

}  // namespace narthex::storage::partition
