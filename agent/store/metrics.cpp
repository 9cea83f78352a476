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
};

constexpr std::string_view kAppended = "prometheus_tsdb_head_samples_appended_total";

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
  out.counter(kAppended, kHelp, Labels{{"type", "float"}}, tree["samples_appended"].get<double>());
  out.counter(kAppended, kHelp, Labels{{"type", "histogram"}},
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
