// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/stats.hpp"

#include "storage/head/stats.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::storage::tsdb {

nx_value make_stats(Files& files, const UpkeepFigures& upkeep, std::uint32_t top,
                    sdk::TreeArena& arena) {
  std::vector<nx_kv> out;
  const head::DataRange range = head::add_stats(files.core, top, arena, out);
  std::int64_t min_t = range.min_t;
  std::int64_t max_t = range.max_t;
  const std::shared_ptr<const partition::TableSet> tables = files.catalogue->tables();
  if (!tables->empty()) {
    min_t = std::min(min_t, tables->front()->name().partition);
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
      {"log_failures", log.write_failures + log.sync_failures},
      {"log_broken", log.broken ? 1u : 0u},
      {"log_damages", files.damage.log_stretches},
      {"log_samples_dropped", files.damage.samples_dropped},
      {"files_missing", files.damage.files_missing},
      {"pages_damaged", files.damage.pages},
      {"flushes", upkeep.flushes},
      {"flush_failures", upkeep.flush_failures},
      {"flushed_samples", upkeep.flushed_samples},
      {"flushed_bytes", upkeep.flushed_bytes},
      {"merges", upkeep.merges},
      {"merge_failures", upkeep.merge_failures},
      {"tables_expired", upkeep.tables_expired},
      {"tables_dropped", upkeep.tables_dropped},
  };
  for (const auto& [key, value] : figures) {
    out.push_back(arena.entry(key, arena.integer(static_cast<std::int64_t>(value))));
  }
  out.push_back(arena.entry("min_time", arena.integer(min_t)));
  out.push_back(arena.entry("max_time", arena.integer(max_t)));
  return arena.table(out);
}

}  // namespace narthex::storage::tsdb
