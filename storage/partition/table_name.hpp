// SPDX-License-Identifier: Apache-2.0
// table_name.hpp - what the name of a table file says: its partition, which flushes it holds, and
// which rewrite of them it is. "<start ms>-<first seq>-<last seq>-<revision>.table", numbers in
// decimal; tombstones stand beside it in "<...>.deleted". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::storage::partition {

inline constexpr std::int64_t kPartitionMs = std::int64_t{24} * 3600 * 1000;

// The start of the partition that t is in: multiples of a day, also before 1970. (The first day
// that int64 can start takes what is before it.)
std::int64_t partition_of(std::int64_t t);

// Every flush has a sequence number of its own. At one time of a series the sample of the greater
// sequence holds. A merge holds the flushes from first to last and stands in for their tables.
struct TableName {
  std::int64_t partition = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint32_t revision = 0;

  std::string file() const;
  std::string tombstone_file() const;
  static std::optional<TableName> parse(std::string_view file);
  static std::optional<TableName> parse_tombstones(std::string_view file);
  // Whether a table of this name stands in for one of that name.
  bool replaces(const TableName& other) const;
  bool operator==(const TableName&) const = default;
};

}  // namespace narthex::storage::partition
