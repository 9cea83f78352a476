// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/check_report.hpp"

#include <string_view>
#include <utility>

namespace narthex::storage::tsdb {
namespace {

nx_value count(const sdk::TreeArena& arena, std::uint64_t value) {
  return arena.integer(static_cast<std::int64_t>(value));
}

}  // namespace

nx_value texts_tree(const std::vector<std::string>& texts, sdk::TreeArena& arena) {
  std::vector<nx_value> items;
  for (const std::string& text : texts) items.push_back(arena.string(text));
  return arena.array(items);
}

nx_value damages_tree(const std::vector<FolderDamage>& damages, sdk::TreeArena& arena) {
  std::vector<nx_value> items;
  for (const FolderDamage& damage : damages) {
    std::vector<nx_kv> entries{arena.entry("file", arena.string(damage.file)),
                               arena.entry("what", arena.string(damage.what))};
    if (damage.series_count != 0) {
      entries.push_back(arena.entry("first_series", count(arena, damage.first_series)));
      entries.push_back(arena.entry("series", count(arena, damage.series_count)));
    }
    if (damage.min_t <= damage.max_t) {
      entries.push_back(arena.entry("min_time", arena.integer(damage.min_t)));
      entries.push_back(arena.entry("max_time", arena.integer(damage.max_t)));
    }
    items.push_back(arena.table(entries));
  }
  return arena.array(items);
}

nx_value tables_tree(const std::vector<TableRow>& tables, sdk::TreeArena& arena) {
  std::vector<nx_value> items;
  for (const TableRow& row : tables) {
    const nx_kv entries[] = {
        arena.entry("file", arena.string(row.name.file())),
        arena.entry("partition", arena.integer(row.name.partition)),
        arena.entry("series", count(arena, row.figures.series)),
        arena.entry("samples", count(arena, row.figures.samples)),
        arena.entry("bytes", count(arena, row.figures.bytes)),
        arena.entry("min_time", arena.integer(row.figures.min_t)),
        arena.entry("max_time", arena.integer(row.figures.max_t)),
        arena.entry("series_with_deletions", count(arena, row.deleted_series)),
    };
    items.push_back(arena.table(entries));
  }
  return arena.array(items);
}

nx_value log_tree(const LogRow& log, sdk::TreeArena& arena) {
  const nx_kv entries[] = {
      arena.entry("segments", count(arena, log.segments)),
      arena.entry("bytes", count(arena, log.bytes)),
      arena.entry("records", count(arena, log.records)),
      arena.entry("samples", count(arena, log.samples)),
      arena.entry("samples_dropped", count(arena, log.samples_dropped)),
      arena.entry("torn_bytes", count(arena, log.torn_bytes)),
  };
  return arena.table(entries);
}

void add_report(const CheckReport& report, sdk::TreeArena& arena, std::vector<nx_kv>& out) {
  std::uint64_t samples = report.log.samples;
  std::uint64_t bytes = report.log.bytes;
  for (const TableRow& row : report.tables) {
    samples += row.figures.samples;
    bytes += row.figures.bytes;
  }
  out.push_back(arena.entry("files", count(arena, report.files)));
  out.push_back(arena.entry("quarantined", count(arena, report.quarantined)));
  out.push_back(arena.entry("samples", count(arena, samples)));
  out.push_back(arena.entry("bytes", count(arena, bytes)));
  out.push_back(arena.entry("tables", tables_tree(report.tables, arena)));
  out.push_back(arena.entry("log", log_tree(report.log, arena)));
  out.push_back(arena.entry("damages", damages_tree(report.damages, arena)));
  out.push_back(arena.entry("notes", texts_tree(report.notes, arena)));
}

}  // namespace narthex::storage::tsdb
