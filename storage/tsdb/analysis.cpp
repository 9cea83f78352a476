// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/analysis.hpp"

#include "storage/partition/table.hpp"
#include "storage/partition/tombstones.hpp"
#include "storage/tsdb/log_check.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

namespace narthex::storage::tsdb {
namespace {

using Counts = std::unordered_map<std::string, std::uint64_t>;

// The greatest first, equal ones by name.
nx_value ranking(const Counts& counts, std::uint32_t top, sdk::TreeArena& arena) {
  std::vector<const Counts::value_type*> rows;
  for (const auto& entry : counts) rows.push_back(&entry);
  const auto before = [](const auto* a, const auto* b) {
    return a->second != b->second ? a->second > b->second : a->first < b->first;
  };
  const std::size_t shown = std::min<std::size_t>(top, rows.size());
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(shown);
  std::partial_sort(rows.begin(), end, rows.end(), before);
  std::vector<nx_value> items;
  for (auto row = rows.begin(); row != end; ++row) {
    const nx_kv entries[] = {
        arena.entry("name", arena.string((*row)->first)),
        arena.entry("value", arena.integer(static_cast<std::int64_t>((*row)->second)))};
    items.push_back(arena.table(entries));
  }
  return arena.array(items);
}

}  // namespace

Result<std::unique_ptr<FolderTask>> Analysis::begin(const Options& options,
                                                    Surroundings surroundings) {
  fs::Result<FolderList> list = list_folder(surroundings.files, options.path);
  if (!list.ok()) return io_error(list.status().message());
  if (list->empty()) {
    return not_found(options.path + ": has neither tables nor a log of this backend");
  }
  return std::unique_ptr<FolderTask>(
      new Analysis(options, std::move(surroundings), *std::move(list)));
}

Result<bool> Analysis::step() {
  if (next_ < list_.tables.size()) {
    add_table(list_.tables[next_++]);
    return true;
  }
  if (next_ > list_.tables.size()) return false;
  ++next_;
  const Status added = add_log();
  if (!added.ok()) return added;
  return false;
}

void Analysis::add_table(const partition::TableName& name) {
  if (last_ && last_->replaces(name)) return;
  const std::string file = path_ + "/partitions/" + name.file();
  const auto table = partition::Table::open(world_.files, file);
  std::vector<std::uint32_t> sets;
  const fs::Status read = table.ok() ? sets_.load(**table, sets) : table.status();
  for (const std::uint32_t set : sets) see(set, name.partition);
  if (!read.ok()) {
    report_.damages.push_back({"partitions/" + name.file(), read.message(), 0, 0, 1, 0});
  }
  if (!table.ok()) return;
  if (!last_ || last_->partition != name.partition || last_->last <= name.last) last_ = name;
  TableRow row{name, (*table)->figures(), 0};
  const auto tombstones =
      partition::Tombstones::load(world_.files, path_ + "/partitions/" + name.tombstone_file());
  if (tombstones.ok()) row.deleted_series = tombstones->series_count();
  report_.tables.push_back(row);
}

Status Analysis::add_log() {
  const LogSeries series{sets_, [this](std::uint32_t set, std::int64_t t) {
                           see(set, partition::partition_of(t));
                           if (log_sets_.size() <= set / 64) log_sets_.resize(set / 64 + 1);
                           std::uint64_t& word = log_sets_[set / 64];
                           const std::uint64_t bit = std::uint64_t{1} << set % 64;
                           log_series_ += (word & bit) == 0 ? 1 : 0;
                           word |= bit;
                         }};
  const fs::Status read = read_log(world_.files, path_ + "/wal", &series, report_);
  return read.ok() || read.error() == ENOENT ? Status() : io_error(read.message());
}

void Analysis::see(std::uint32_t set, std::int64_t partition) {
  if (seen_.size() <= set) seen_.resize(std::size_t{set} + 1 + set / 2);
  Seen& seen = seen_[set];
  if (seen.any && seen.partition == partition) return;
  seen.in_more = seen.any;
  seen.any = true;
  seen.partition = partition;
  if (std::find(partitions_.begin(), partitions_.end(), partition) == partitions_.end()) {
    partitions_.push_back(partition);
  }
}

bool Analysis::churns(std::uint32_t set) const {
  return partitions_.size() > 1 && !seen_[set].in_more;
}

nx_value Analysis::tree(std::uint32_t top, sdk::TreeArena& arena) const {
  Counts by_metric, values_by_label, by_pair, churn_by_metric;
  std::set<std::pair<const char*, const char*>> pairs;  // texts are interned
  std::uint64_t series = 0, churning = 0;
  std::vector<partition::Label> labels;
  for (std::uint32_t set = 0; set < sets_.count(); ++set) {
    if (set >= seen_.size() || !seen_[set].any) continue;
    ++series;
    const bool churn = churns(set);
    churning += churn ? 1 : 0;
    sets_.labels(set, labels);
    for (const partition::Label& label : labels) {
      const std::string name(label.name);
      ++by_pair[name + "=" + std::string(label.value)];
      if (pairs.emplace(label.name.data(), label.value.data()).second) ++values_by_label[name];
      if (label.name != "__name__") continue;
      ++by_metric[std::string(label.value)];
      if (churn) ++churn_by_metric[std::string(label.value)];
    }
  }
  const auto count = [&](std::uint64_t value) {
    return arena.integer(static_cast<std::int64_t>(value));
  };
  std::vector<nx_kv> out{
      arena.entry("check", arena.string("analyze")),
      arena.entry("done", arena.boolean(next_ > list_.tables.size())),
      arena.entry("series", count(series)),
      arena.entry("label_pairs", count(pairs.size())),
      arena.entry("partitions", count(partitions_.size())),
      arena.entry("churning_series", count(churning)),
      arena.entry("log_series", count(log_series_)),
      arena.entry("seriesCountByMetricName", ranking(by_metric, top, arena)),
      arena.entry("labelValueCountByLabelName", ranking(values_by_label, top, arena)),
      arena.entry("seriesCountByLabelValuePair", ranking(by_pair, top, arena)),
      arena.entry("churningSeriesCountByMetricName", ranking(churn_by_metric, top, arena)),
  };
  add_report(report_, arena, out);
  return arena.table(out);
}

}  // namespace narthex::storage::tsdb
