// SPDX-License-Identifier: Apache-2.0
#include "store/metrics.hpp"

#include <string_view>

namespace narthex::store {
namespace {

enum class Kind { kCounter, kGauge, kGaugeSeconds };

// Which figure of stats() shows under which name.
struct Shown {
  std::string_view name;
  std::string_view help;
  std::string_view table;  // of the tree; empty: its root
  std::string_view key;
  Kind kind;
};

constexpr Shown kShown[] = {
    {"prometheus_tsdb_head_series", "Total number of series in the head block.", "headStats",
     "numSeries", Kind::kGauge},
    {"prometheus_tsdb_head_chunks", "Total number of chunks in the head block.", "headStats",
     "chunkCount", Kind::kGauge},
    {"prometheus_tsdb_head_min_time", "Minimum time bound of the head block.", "headStats",
     "minTime", Kind::kGauge},
    {"prometheus_tsdb_head_max_time", "Maximum timestamp of the head block.", "headStats",
     "maxTime", Kind::kGauge},
    {"prometheus_tsdb_head_min_time_seconds", "Minimum time bound of the head block.", "headStats",
     "minTime", Kind::kGaugeSeconds},
    {"prometheus_tsdb_head_max_time_seconds", "Maximum timestamp of the head block.", "headStats",
     "maxTime", Kind::kGaugeSeconds},
    {"prometheus_tsdb_lowest_timestamp", "Lowest timestamp value stored in the database.", "",
     "min_time", Kind::kGauge},
    {"prometheus_tsdb_lowest_timestamp_seconds", "Lowest timestamp value stored in the database.",
     "", "min_time", Kind::kGaugeSeconds},
    {"prometheus_tsdb_head_series_created_total", "Total number of series created in the head.", "",
     "series_created", Kind::kCounter},
    {"prometheus_tsdb_head_series_removed_total", "Total number of series removed in the head.", "",
     "series_removed", Kind::kCounter},
    {"prometheus_tsdb_out_of_order_samples_total",
     "Samples refused because a newer one of their series is stored.", "", "samples_out_of_order",
     Kind::kCounter},
    {"prometheus_tsdb_exemplar_exemplars_appended_total", "Total number of appended exemplars.", "",
     "exemplars_appended", Kind::kCounter},
    {"prometheus_tsdb_exemplar_exemplars_in_storage",
     "Number of exemplars currently in circular storage.", "", "exemplars", Kind::kGauge},
    {"prometheus_agent_active_series", "Number of active series being tracked by the agent.",
     "agent", "active_series", Kind::kGauge},
    {"prometheus_agent_deleted_series", "Series forgotten since nobody wrote to them.", "agent",
     "deleted_series", Kind::kGauge},
    {"prometheus_agent_out_of_order_samples_total",
     "Samples refused because a newer one of their series has been sent on.", "agent",
     "samples_out_of_order", Kind::kCounter},
    {"prometheus_agent_exemplars_appended_total", "Total number of exemplars sent on.", "agent",
     "exemplars_appended", Kind::kCounter},
    {"narthex_storage_bytes", "Memory or disk that series and samples take.", "", "bytes",
     Kind::kGauge},
    {"narthex_storage_max_bytes", "The most that series and samples may take.", "", "max_bytes",
     Kind::kGauge},
    {"narthex_storage_late_samples_total", "Samples stored behind newer ones of their series.", "",
     "samples_late", Kind::kCounter},
    {"narthex_storage_duplicate_samples_total",
     "Samples refused because the newest one of their series has the same time and another value.",
     "", "samples_duplicate", Kind::kCounter},
    {"narthex_storage_dropped_samples_total", "Samples dropped early to stay within the limit.", "",
     "samples_dropped", Kind::kCounter},
    {"narthex_storage_expired_samples_total", "Samples dropped because the retention was over.", "",
     "samples_expired", Kind::kCounter},
    {"prometheus_tsdb_out_of_bound_samples_total",
     "Samples refused because they are too far in the future.", "", "samples_out_of_bounds",
     Kind::kCounter},
    {"prometheus_tsdb_too_old_samples_total",
     "Samples refused because they are older than the retention.", "", "samples_too_old",
     Kind::kCounter},
    {"prometheus_tsdb_exemplar_max_exemplars",
     "Total number of exemplars the exemplar storage can store.", "", "max_exemplars",
     Kind::kGauge},
    {"prometheus_tsdb_blocks_loaded", "Number of tables that samples are read from.", "", "tables",
     Kind::kGauge},
    {"prometheus_tsdb_storage_blocks_bytes",
     "The number of bytes that are currently used for local storage by all tables.", "",
     "table_bytes", Kind::kGauge},
    {"prometheus_tsdb_compactions_total", "Total number of flushes and merges that were executed.",
     "", "compactions", Kind::kCounter},
    {"prometheus_tsdb_compactions_failed_total", "Total number of flushes and merges that failed.",
     "", "compaction_failures", Kind::kCounter},
    {"prometheus_tsdb_head_truncations_total",
     "Total number of times that the head was written to tables.", "", "flushes", Kind::kCounter},
    {"prometheus_tsdb_time_retentions_total",
     "The number of times that tables were deleted because the maximum time limit was exceeded.",
     "", "age_retentions", Kind::kCounter},
    {"prometheus_tsdb_size_retentions_total",
     "The number of times that tables were deleted because the maximum number of bytes was "
     "exceeded.",
     "", "size_retentions", Kind::kCounter},
    {"prometheus_tsdb_retention_limit_bytes",
     "Max number of bytes to be retained in the tsdb blocks, configured 0 means disabled.", "",
     "retention_max_bytes", Kind::kGauge},
    {"prometheus_tsdb_retention_limit_seconds", "How long to retain samples in storage.", "",
     "retention_max_age_ms", Kind::kGaugeSeconds},
    {"prometheus_tsdb_wal_corruptions_total",
     "Stretches of the log that a recovery could not read.", "", "log_damages", Kind::kCounter},
    {"prometheus_tsdb_wal_truncations_total",
     "Total number of times that old segments of the log were removed.", "", "log_truncations",
     Kind::kCounter},
    {"prometheus_tsdb_wal_truncations_failed_total",
     "Total number of times that old segments of the log could not be removed.", "",
     "log_truncation_failures", Kind::kCounter},
    {"prometheus_tsdb_wal_writes_failed_total", "Total number of writes to the log that failed.",
     "", "log_write_failures", Kind::kCounter},
    {"prometheus_tsdb_wal_segment_current",
     "Number of the segment of the log that is being written to.", "", "log_segment", Kind::kGauge},
    {"prometheus_tsdb_wal_storage_size_bytes", "Size of the files of the log.", "",
     "log_file_bytes", Kind::kGauge},
    {"prometheus_tsdb_data_replay_duration_seconds", "Time taken to replay the data on disk.", "",
     "recovery_ms", Kind::kGaugeSeconds},
    {"narthex_storage_disk_bytes", "Bytes of tables and log, as the retention by size counts them.",
     "", "disk_bytes", Kind::kGauge},
    {"narthex_storage_page_cache_bytes",
     "Memory that pages of tables take which queries have read.", "", "page_cache_bytes",
     Kind::kGauge},
    {"narthex_storage_flushes_total", "Times that the head was written to tables.", "", "flushes",
     Kind::kCounter},
    {"narthex_storage_flush_failures_total",
     "Flushes that failed; their samples stay in memory and in the log.", "", "flush_failures",
     Kind::kCounter},
    {"narthex_storage_flushed_samples_total", "Samples written to tables by flushes.", "",
     "flushed_samples", Kind::kCounter},
    {"narthex_storage_flushed_bytes_total", "Bytes of tables written by flushes.", "",
     "flushed_bytes", Kind::kCounter},
    {"narthex_storage_merges_total", "Times that tables were merged.", "", "merges",
     Kind::kCounter},
    {"narthex_storage_merge_failures_total", "Merges that failed; their tables stay as they were.",
     "", "merge_failures", Kind::kCounter},
    {"narthex_storage_expired_tables_total", "Tables removed because the retention was over.", "",
     "tables_expired", Kind::kCounter},
    {"narthex_storage_dropped_tables_total", "Tables removed to stay within the retention's size.",
     "", "tables_dropped", Kind::kCounter},
    {"narthex_storage_quarantined_tables_total",
     "Tables and tombstones set aside because they are damaged.", "", "tables_quarantined",
     Kind::kCounter},
    {"narthex_storage_missing_files",
     "Files that the inventory had at the start and that were not there.", "", "files_missing",
     Kind::kGauge},
    {"narthex_storage_damaged_page_reads_total", "Reads of pages of tables that are damaged.", "",
     "pages_damaged", Kind::kCounter},
    {"narthex_storage_log_written_bytes_total", "Bytes written to the log.", "",
     "log_bytes_written", Kind::kCounter},
    {"narthex_storage_log_syncs_total", "Times that the log was synced.", "", "log_syncs",
     Kind::kCounter},
    {"narthex_storage_log_sync_failures_total", "Syncs of the log that failed.", "",
     "log_sync_failures", Kind::kCounter},
    {"narthex_storage_log_broken", "Whether the log refuses writes at the moment.", "",
     "log_broken", Kind::kGauge},
    {"narthex_storage_log_lost_samples_total",
     "Samples that recoveries dropped because damage has made them uncertain.", "",
     "log_samples_dropped", Kind::kCounter},
};

constexpr std::string_view kAppended = "prometheus_tsdb_head_samples_appended_total";
constexpr std::string_view kAgentAppended = "prometheus_agent_samples_appended_total";

void show(const Shown& shown, sdk::Value tree, telemetry::Gathering& out) {
  const sdk::Value value = (shown.table.empty() ? tree : tree[shown.table])[shown.key];
  if (!value) return;
  const auto figure = value.get<double>();
  if (shown.kind == Kind::kCounter) {
    out.counter(shown.name, shown.help, {}, figure);
  } else {
    out.gauge(shown.name, shown.help, {}, shown.kind == Kind::kGauge ? figure : figure / 1000);
  }
}

void show_appended(sdk::Value tree, telemetry::Gathering& out) {
  constexpr std::string_view kHelp = "Total number of appended samples.";
  const std::string_view name = tree["agent"] ? kAgentAppended : kAppended;
  out.counter(name, kHelp, Labels{{"type", "float"}}, tree["samples_appended"].get<double>());
  out.counter(name, kHelp, Labels{{"type", "histogram"}},
              tree["histograms_appended"].get<double>());
}

}  // namespace

std::shared_ptr<void> export_metrics(const Store& store, telemetry::Registry& registry) {
  return registry.on_gather([&store](telemetry::Gathering& out) {
    // A backend without statistics shows none.
    (void)store.stats(0, [&](sdk::Value tree) {
      for (const Shown& shown : kShown) show(shown, tree, out);
      show_appended(tree, out);
    });
  });
}

}  // namespace narthex::store
