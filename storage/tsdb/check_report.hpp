// SPDX-License-Identifier: Apache-2.0
// check_report.hpp - what a look at a data folder has found, and the tree that stats() gives of it.
// A value type.
#pragma once

#include "storage/partition/table_name.hpp"
#include "storage/partition/table_writer.hpp"

#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

// One place that cannot be read, and what is lost with it.
struct FolderDamage {
  std::string file;  // within the data folder: "partitions/0-1-1-0.table"
  std::string what;  // the place, and what is wrong with it
  // Of a table, by ordinal: [first, first + count). 0 series: it is not known which.
  std::uint64_t first_series = 0;
  std::uint64_t series_count = 0;
  // The lost samples are in it, both inclusive; min_t > max_t: nothing is lost, or nothing known.
  std::int64_t min_t = 1;
  std::int64_t max_t = 0;
};

struct TableRow {
  partition::TableName name;
  partition::TableFigures figures;
  std::uint64_t deleted_series = 0;  // that have tombstones
};

struct LogRow {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  std::uint64_t samples = 0;
  std::uint64_t samples_dropped = 0;  // their series or value is lost
  std::uint64_t torn_bytes = 0;       // behind the last record: a write that a crash has ended
};

struct CheckReport {
  std::uint64_t files = 0;
  std::uint64_t quarantined = 0;  // files that stand aside
  std::vector<TableRow> tables;   // that can be read, by partition
  LogRow log;
  std::vector<FolderDamage> damages;
  std::vector<std::string> notes;  // no damage, but worth knowing
  bool good() const { return damages.empty(); }
};

// "files", "tables", "samples", "bytes", "log", "damages", "notes".
void add_report(const CheckReport& report, sdk::TreeArena& arena, std::vector<nx_kv>& out);
nx_value damages_tree(const std::vector<FolderDamage>& damages, sdk::TreeArena& arena);
nx_value texts_tree(const std::vector<std::string>& texts, sdk::TreeArena& arena);
nx_value tables_tree(const std::vector<TableRow>& tables, sdk::TreeArena& arena);
nx_value log_tree(const LogRow& log, sdk::TreeArena& arena);

}  // namespace narthex::storage::tsdb
