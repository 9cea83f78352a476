// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/stats.hpp"

#include "storage/head/stats.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::storage::tsdb {
namespace {

// Of a table that cannot be opened, no later than its partition begins.
std::int64_t oldest_in_tables(Files& files, const partition::TableSet& tables) {
  std::int64_t oldest = INT64_MAX;
  for (const auto& entry : tables) {
    if (entry->name().partition != tables.front()->name().partition) break;
    const auto table = files.catalogue->open_table(entry);
    oldest = std::min(oldest, table.ok() ? (*table)->figures().min_t : entry->name().partition);
  }
  return oldest;
}

}  // namespace

nx_value make_stats(Files& files, const UpkeepFigures& upkeep, std::uint32_t top,
                    sdk::TreeArena& arena) {
  std::vector<nx_kv> out;
  const head::DataRange range = head::add_stats(files.core, top, arena, out);
  std::int64_t min_t = range.min_t;
  std::int64_t max_t = range.max_t;
  const std::shared_ptr<const partition::TableSet> tables = files.catalogue->tables();
  if (!tables->empty()) {
    min_t = std::min(min_t, oldest_in_tables(files, *tables));
    max_t = std::max(max_t, std::min(tables->back()->partition_end() - 1, files.world.now_ms()));
  }
  const wal::LogFigures log = files.log->figures();
  const partition::CatalogueFigures catalogue = files.catalogue->figures();
  const std::pair<std::string_view, std::uint64_t> figures[] = {
      {"disk_bytes", files.disk_bytes()},
      {"tables", catalogue.tables},
      {"table_bytes", catalogue.bytes},
      {"tables_quarantined", catalogue.quarantined},
      {"page_cache_bytes", files.archive->pages().bytes()},
      {"log_bytes_written", log.bytes_written},
      {"log_syncs", log.syncs},
      {"log_segment", files.log->segments().last},
      {"log_file_bytes", files.log_file_bytes()},
      {"log_write_failures", log.write_failures},
      {"log_sync_failures", log.sync_failures},
      {"log_truncations", upkeep.log_truncations},
      {"log_truncation_failures", upkeep.log_truncation_failures},
      {"log_broken", log.broken ? 1u : 0u},
      {"log_damages", files.damage.log_stretches},
      {"log_samples_dropped", files.damage.samples_dropped},
      {"files_missing", files.damage.files_missing},
      {"pages_damaged", files.damage.pages},
      {"flushes", upkeep.flushes},
      {"flush_failures", upkeep.flush_failures},
      {"flushed_samples", upkeep.flushed_samples},
      {"flushed_bytes", upkeep.flushed_bytes},
      {"compactions", upkeep.flushes + upkeep.merges},
      {"compaction_failures", upkeep.flush_failures + upkeep.merge_failures},
      {"merges", upkeep.merges},
      {"merge_failures", upkeep.merge_failures},
      {"tables_expired", upkeep.tables_expired},
      {"tables_dropped", upkeep.tables_dropped},
      {"age_retentions", upkeep.age_retentions},
      {"size_retentions", upkeep.size_retentions},
      {"retention_max_age_ms", static_cast<std::uint64_t>(upkeep.max_age_ms)},
      {"retention_max_bytes", upkeep.max_bytes},
      {"recovery_ms", static_cast<std::uint64_t>(files.recovery_ns / 1'000'000)},
      {"max_exemplars", static_cast<std::uint64_t>(files.options.max_exemplars)},
  };
  for (const auto& [key, value] : figures) {
    out.push_back(arena.entry(key, arena.integer(static_cast<std::int64_t>(value))));
  }
  out.push_back(arena.entry("min_time", arena.integer(min_t)));
  out.push_back(arena.entry("max_time", arena.integer(max_t)));
  return arena.table(out);
}

}  // namespace narthex::storage::tsdb
