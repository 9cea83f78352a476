// SPDX-License-Identifier: Apache-2.0
// folder_list.hpp - which files stand in a data folder, by their names alone; and what of the
// inventory is missing. Reads names only.
#pragma once

#include "storage/partition/table_name.hpp"
#include "storage/tsdb/inventory.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

struct FolderList {
  std::vector<partition::TableName> tables;      // one before all that it stands in for
  std::vector<partition::TableName> tombstones;  // of the tables that have some
  std::vector<std::uint64_t> segments;           // of the log, ascending
  std::vector<std::string> unfinished;           // "partitions/....tmp"
  std::uint64_t quarantined = 0;                 // files

  bool empty() const { return tables.empty() && segments.empty(); }
};

// A folder that is missing is one without files.
fs::Result<FolderList> list_folder(fs::FileSystem& files, const std::string& path);

struct MissingFiles {
  std::vector<std::string> tables;
  std::vector<std::uint64_t> segments;
};

// A table is not missing where another stands in for it.
MissingFiles missing_files(const Inventory& inventory, std::span<const partition::TableName> tables,
                           std::span<const std::uint64_t> segments);

}  // namespace narthex::storage::tsdb
