// SPDX-License-Identifier: Apache-2.0
#include "storage/head/stats.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace narthex::storage::head {
namespace {

using Ranking = std::vector<std::pair<std::string, std::uint64_t>>;
using Entries = std::vector<nx_kv>;

void put(Entries& entries, sdk::TreeArena& arena, std::string_view key, std::uint64_t value) {
  entries.push_back(arena.entry(key, arena.integer(static_cast<std::int64_t>(value))));
}

nx_value rows(Ranking ranking, std::uint32_t top, sdk::TreeArena& arena) {
  const auto before = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const std::size_t count = std::min<std::size_t>(top, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(count),
                    ranking.end(), before);
  std::vector<nx_value> items;
  for (std::size_t i = 0; i < count; ++i) {
    Entries row;
    row.push_back(arena.entry("name", arena.string(ranking[i].first)));
    put(row, arena, "value", ranking[i].second);
    items.push_back(arena.table(row));
  }
  return arena.array(items);
}

void add_rankings(const Core& core, std::uint32_t top, sdk::TreeArena& arena, Entries& out) {
  Ranking metrics, values, bytes, pairs;
  if (top > 0) {
    for (const auto& [pair, series] : core.index.pair_figures()) {
      if (pair->name == "__name__") metrics.emplace_back(pair->value, series);
      pairs.emplace_back(std::string(pair->name) + "=" + std::string(pair->value), series);
    }
    for (const index::LabelIndex::NameFigures& name : core.index.name_figures()) {
      values.emplace_back(name.name, name.values);
      bytes.emplace_back(name.name, name.bytes);
    }
  }
  out.push_back(arena.entry("seriesCountByMetricName", rows(std::move(metrics), top, arena)));
  out.push_back(arena.entry("labelValueCountByLabelName", rows(std::move(values), top, arena)));
  out.push_back(arena.entry("memoryInBytesByLabelName", rows(std::move(bytes), top, arena)));
  out.push_back(arena.entry("seriesCountByLabelValuePair", rows(std::move(pairs), top, arena)));
}

std::uint64_t refused(const Figures& figures, int code) { return figures.refused[code]; }

void add_counters(const Core& core, const Figures& figures, sdk::TreeArena& arena, Entries& out) {
  put(out, arena, "samples_appended", figures.samples_appended);
  put(out, arena, "histograms_appended", figures.histograms_appended);
  put(out, arena, "samples_late", figures.late_samples);
  put(out, arena, "samples_dropped", figures.samples_dropped);
  put(out, arena, "samples_expired", figures.samples_expired);
  put(out, arena, "samples_out_of_order", refused(figures, NX_ROW_OUT_OF_ORDER));
  put(out, arena, "samples_duplicate", refused(figures, NX_ROW_DUPLICATE));
  put(out, arena, "samples_out_of_bounds", refused(figures, NX_ROW_OUT_OF_BOUNDS));
  put(out, arena, "samples_too_old", refused(figures, NX_ROW_TOO_OLD));
  put(out, arena, "commits", figures.commits);
  put(out, arena, "series_created", core.index.created());
  put(out, arena, "series_removed", core.index.removed());
  put(out, arena, "exemplars", core.exemplars.size());
  put(out, arena, "exemplars_appended", core.exemplars.appended());
}

}  // namespace

DataRange add_stats(Core& core, std::uint32_t top, sdk::TreeArena& arena, Entries& out) {
  const index::EpochHold hold(core.epochs);
  Figures figures;
  std::uint64_t bytes = 0;
  std::int64_t min_t = 0;
  std::int64_t max_t = 0;
  {
    const std::lock_guard lock(core.commit_mutex);
    figures = core.figures;
    bytes = core.used_bytes();
    min_t = core.min_t;
    max_t = core.max_t;
    // Every series has an open run; a slot of a tile counts as one chunk.
    figures.chunks += core.index.series_count();
    for (const auto& group : core.cohorts.groups()) {
      figures.chunks += group->tile_count() * group->slots().size();
    }
  }
  Entries head;
  put(head, arena, "numSeries", core.index.series_count());
  put(head, arena, "numLabelPairs", core.index.pair_count());
  put(head, arena, "chunkCount", figures.chunks);
  head.push_back(arena.entry("minTime", arena.integer(min_t)));
  head.push_back(arena.entry("maxTime", arena.integer(max_t)));
  out.push_back(arena.entry("headStats", arena.table(head)));
  add_rankings(core, top, arena, out);
  put(out, arena, "bytes", bytes);
  put(out, arena, "max_bytes", core.max_bytes);
  add_counters(core, figures, arena, out);
  return {min_t, max_t};
}

}  // namespace narthex::storage::head
