// SPDX-License-Identifier: Apache-2.0
// merge.hpp - several tables of one partition become one, or one is written again without what is
// deleted: in slices, series by series, memory for one series and one page a table.
#pragma once

#include "storage/partition/catalogue.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace narthex::storage::partition {

// What is worth merging, most useful first: nothing while `tables` are few. A partition whose end
// is before `closed_before` is merged whole, once; in an open one small late tables are merged
// among themselves, and into a larger one only above a quarter of its size. Only tables that follow
// one another in sequence are merged. Never empty.
std::optional<TableSet> choose_merge(const TableSet& tables, std::int64_t closed_before);

class Merge {
 public:
  // The entries are of one partition, neighbours in sequence, oldest first. A table that cannot be
  // opened, or whose page is damaged, is handled as the catalogue does: the merge ends with an
  // error, and the next choice leaves it out.
  static fs::Result<std::unique_ptr<Merge>> begin(fs::FileSystem& files, Catalogue& catalogue,
                                                  TableSet entries, const TableOptions& options);
  virtual ~Merge() = default;

  enum class Progress { kMore, kDone };
  // Works until `should_pause` says true (asked every few series) or all is done: then the new
  // table stands in for the old ones. After an error nothing has changed.
  virtual fs::Result<Progress> step(const std::function<bool()>& should_pause) = 0;
};

}  // namespace narthex::storage::partition
