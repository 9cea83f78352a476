// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table_name.hpp"

#include <catch2/catch.hpp>

namespace narthex::storage::partition {
namespace {

constexpr std::int64_t kDay = kPartitionMs;

TEST_CASE("a partition is a day, before 1970 as well", "[partition]") {
  REQUIRE(partition_of(0) == 0);
  REQUIRE(partition_of(kDay - 1) == 0);
  REQUIRE(partition_of(kDay) == kDay);
  REQUIRE(partition_of(-1) == -kDay);
  REQUIRE(partition_of(-kDay) == -kDay);
  REQUIRE(partition_of(-kDay - 1) == -2 * kDay);
  for (const std::int64_t t : {INT64_MAX, INT64_MIN, INT64_MIN + kDay}) {
    REQUIRE(partition_of(t) % kDay == 0);
  }
  REQUIRE(partition_of(INT64_MAX) <= INT64_MAX - INT64_MAX % kDay);
  REQUIRE(partition_of(INT64_MIN) == partition_of(partition_of(INT64_MIN)));
}

TEST_CASE("a table's name says what it is", "[partition]") {
  const TableName name{-kDay, 7, 9, 2};
  REQUIRE(name.file() == "-86400000-7-9-2.table");
  REQUIRE(name.tombstone_file() == "-86400000-7-9-2.deleted");
  REQUIRE(TableName::parse(name.file()) == name);
  REQUIRE(TableName::parse_tombstones(name.tombstone_file()) == name);
  for (const TableName& other :
       {TableName{0, 1, 1, 0}, TableName{kDay, 0, INT64_MAX, UINT32_MAX}}) {
    REQUIRE(TableName::parse(other.file()) == other);
  }
}

TEST_CASE("other names are no tables", "[partition]") {
  for (const char* file :
       {"", ".table", "0-1-1-0", "0-1-1-0.table.tmp", "0-1-1.table", "1-1-1-0.table",
        "0-2-1-0.table", "0-01-1-0.table", "0-1-1-4294967296.table", "0--1-1-0.table",
        "0-1-18446744073709551615-0.table", "-0-1-1-0.table", "0-1-1-0.deleted", "+0-1-1-0.table",
        "0-1-1-0-0.table", " 0-1-1-0.table"}) {
    CAPTURE(file);
    REQUIRE(!TableName::parse(file));
  }
  REQUIRE(!TableName::parse_tombstones("0-1-1-0.table"));
  REQUIRE(!TableName::parse_tombstones(".deleted"));
}

TEST_CASE("a table stands in for those whose flushes it holds", "[partition]") {
  const TableName merged{0, 3, 7, 0};
  REQUIRE(merged.replaces({0, 3, 3, 0}));
  REQUIRE(merged.replaces({0, 5, 7, 9}));
  REQUIRE(!merged.replaces(merged));
  REQUIRE(!merged.replaces({kDay, 3, 3, 0}));
  REQUIRE(!merged.replaces({0, 2, 3, 0}));
  REQUIRE(!merged.replaces({0, 7, 8, 0}));
  REQUIRE(TableName{0, 3, 7, 1}.replaces(merged));
  REQUIRE(!merged.replaces({0, 3, 7, 1}));
}

}  // namespace
}  // namespace narthex::storage::partition
