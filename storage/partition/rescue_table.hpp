// SPDX-License-Identifier: Apache-2.0
// rescue_table.hpp - what of a damaged table can still be read becomes a table of its own, which
// stands in for it; the damaged one stays in quarantine/. Memory: as a merge. One thread, while
// nothing else changes the folder.
#pragma once

#include "storage/partition/table_name.hpp"
#include "storage/partition/table_writer.hpp"

#include <optional>
#include <string>

namespace narthex::storage::partition {

struct Rescue {
  std::optional<TableName> table;   // none: nothing could be read
  TableFigures figures;             // of it
  std::uint64_t series_before = 0;  // that the damaged one says it has; 0 where it says nothing
  std::uint64_t samples_before = 0;
};

// Leaves out what is deleted, so the new table has no tombstones; damaged ones delete nothing. At
// every moment the damaged table stands somewhere, and its readable samples in the folder. After an
// error the folder reads as before.
fs::Result<Rescue> rescue_table(fs::FileSystem& files, const std::string& folder,
                                const TableName& name);

}  // namespace narthex::storage::partition
