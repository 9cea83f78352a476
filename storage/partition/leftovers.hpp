// SPDX-License-Identifier: Apache-2.0
// leftovers.hpp - files of a data folder that are no longer wanted there: removing tables, and
// moving into quarantine/ what could not be read. Any thread.
#pragma once

#include "storage/fs/file_system.hpp"
#include "storage/partition/table_name.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::storage::partition {

inline constexpr std::string_view kQuarantine = "/quarantine";

// The last sequence number that the name of a table, of its tombstones, or of what remained of
// either (a temporary file, a name in quarantine) tells; 0 where there is none.
std::uint64_t last_sequence_in(std::string_view file);

// Removes tables and their tombstones. Those of a table go when its own removal is durable: before,
// a crash could bring back what was deleted. What fails stays, for the next start to clean up.
void remove_tables(fs::FileSystem& files, const std::string& folder,
                   std::span<const TableName> names);

// Moves files into quarantine/, under a name that is free there; missing ones are passed over.
fs::Status move_aside(fs::FileSystem& files, const std::string& folder,
                      std::span<const std::string> names);
// The same, but the files keep their names beside: what stands aside stays when those go.
fs::Status keep_aside(fs::FileSystem& files, const std::string& folder,
                      std::span<const std::string> names);

}  // namespace narthex::storage::partition
