// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/upkeep.hpp"

#include "storage/head/eviction.hpp"
#include "storage/tsdb/status.hpp"

#include <algorithm>
#include <utility>

namespace narthex::storage::tsdb {
namespace {

constexpr std::int64_t kFlushEveryMs = std::int64_t{2} * 3600 * 1000;
constexpr std::uint64_t kLogBytesMax = std::uint64_t{1} << 30;
constexpr std::int64_t kRetryAfterMs = 10'000;
constexpr std::int64_t kCollectEveryNs = std::int64_t{60} * 1'000'000'000;
// While flushes follow one another, merges get every so many slices: else tables would pile up.
constexpr std::uint64_t kMergeSlices = 4;
// A partition is merged whole when nothing regular comes for it any more.
constexpr std::int64_t kClosedAfterMs = std::int64_t{1} * 3600 * 1000;

}  // namespace

Upkeep::Upkeep(Files& files, std::uint64_t head_bytes)
    : files_(files), head_bytes_(head_bytes), flushed_ms_(files.world.now_ms()) {}

bool Upkeep::past(std::int64_t deadline_mono_ns) const {
  return files_.world.mono_ns() >= deadline_mono_ns;
}

nx_status Upkeep::slice(std::int64_t deadline_mono_ns, bool all) {
  const std::lock_guard upkeep(mutex_);
  if (!all && files_.world.now_ms() < retry_ms_ && flush_ == nullptr) {
    files_.log->tick();
    return NX_END;
  }
  Turn turn = Turn::kMore;
  if (!all && ++slices_ % kMergeSlices == 0) {
    do {
      turn = merge_turn(deadline_mono_ns, all);
    } while (turn == Turn::kMore && !past(deadline_mono_ns));
    if (turn == Turn::kMore) return NX_OK;
  }
  if (turn != Turn::kFailed) turn = flush_turn(deadline_mono_ns, all || flush_due());
  while (turn != Turn::kFailed && !past(deadline_mono_ns)) {
    turn =
        flush_ != nullptr ? flush_turn(deadline_mono_ns, false) : merge_turn(deadline_mono_ns, all);
    if (turn == Turn::kNothing) break;
  }
  if (turn == Turn::kMore) return NX_OK;
  expire();
  collect();
  files_.save_inventory();
  return NX_END;
}

bool Upkeep::flush_due() const {
  if (flush_ != nullptr) return true;
  std::int64_t bytes = 0;
  {
    const std::lock_guard lock(files_.core.commit_mutex);
    bytes = files_.core.data_bytes;
  }
  return bytes > static_cast<std::int64_t>(head_bytes_) ||
         files_.journal->bytes_since_rotation() > kLogBytesMax ||
         files_.world.now_ms() - flushed_ms_ >= kFlushEveryMs;
}

Upkeep::Turn Upkeep::flush_turn(std::int64_t deadline_mono_ns, bool wanted) {
  if (flush_ == nullptr) {
    if (!wanted) return Turn::kNothing;
    flushed_ms_ = files_.world.now_ms();
    if (files_.journal->bytes_since_rotation() == 0) return Turn::kNothing;
    const fs::Result<std::uint64_t> segment = files_.journal->rotate();
    if (!segment.ok()) {
      files_.warn("flush put off, the log cannot go on in a new segment: " +
                  segment.status().message());
      retry_ms_ = files_.world.now_ms() + kRetryAfterMs;
      return Turn::kFailed;
    }
    flush_segment_ = *segment;
    flush_ = std::make_unique<Flush>(files_.core, files_.world.files, *files_.catalogue,
                                     *files_.archive, partition::TableOptions());
  }
  const fs::Result<Flush::Progress> progress = flush_->step([&] { return past(deadline_mono_ns); });
  if (!progress.ok()) {
    flush_.reset();
    files_.warn("flush failed, its samples stay in memory and in the log: " +
                progress.status().message());
    retry_ms_ = files_.world.now_ms() + kRetryAfterMs;
    const std::lock_guard lock(figures_mutex_);
    ++figures_.flush_failures;
    return Turn::kFailed;
  }
  if (*progress == Flush::Progress::kDone) finish_flush();
  return Turn::kMore;
}

void Upkeep::finish_flush() {
  {
    const std::lock_guard lock(figures_mutex_);
    ++figures_.flushes;
    figures_.flushed_samples += flush_->figures().samples;
    figures_.flushed_bytes += flush_->figures().bytes;
  }
  flush_.reset();
  // Before they go: a crash in between is not to tell of segments that are missing.
  files_.save_inventory(flush_segment_);
  // What waits for a sync stands in the segments that go.
  (void)files_.log->sync();
  const fs::Status cut = files_.log->truncate_below(flush_segment_);
  if (!cut.ok()) files_.warn("old segments of the log stay for now: " + cut.message());
  {
    const std::lock_guard lock(figures_mutex_);
    ++(cut.ok() ? figures_.log_truncations : figures_.log_truncation_failures);
  }
  files_.save_inventory();
}

Upkeep::Turn Upkeep::merge_turn(std::int64_t deadline_mono_ns, bool all) {
  if (merge_ == nullptr) {
    const std::int64_t closed = all ? INT64_MAX : files_.world.now_ms() - kClosedAfterMs;
    std::optional<partition::TableSet> chosen =
        partition::choose_merge(*files_.catalogue->tables(), closed, all);
    if (!chosen) return Turn::kNothing;
    merging_ = *std::move(chosen);
    fs::Result<std::unique_ptr<partition::Merge>> begun = partition::Merge::begin(
        files_.world.files, *files_.catalogue, merging_, partition::TableOptions());
    if (!begun.ok()) {
      files_.warn("merge put off: " + begun.status().message());
      retry_ms_ = files_.world.now_ms() + kRetryAfterMs;
      return Turn::kFailed;
    }
    merge_ = *std::move(begun);
  }
  const fs::Result<partition::Merge::Progress> progress =
      merge_->step([&] { return past(deadline_mono_ns); });
  if (progress.ok() && *progress == partition::Merge::Progress::kMore) return Turn::kMore;
  merge_.reset();
  {
    const std::lock_guard lock(figures_mutex_);
    ++(progress.ok() ? figures_.merges : figures_.merge_failures);
  }
  if (!progress.ok()) {
    files_.warn("merge failed, its tables stay as they are: " + progress.status().message());
    retry_ms_ = files_.world.now_ms() + kRetryAfterMs;
    return Turn::kFailed;
  }
  files_.archive->follow(*files_.catalogue->tables());
  files_.save_inventory();
  return Turn::kMore;
}

// What tables and log may take; 0: anything.
std::uint64_t Upkeep::most_bytes() const {
  const std::uint64_t bytes = max_bytes_;
  const std::uint32_t percent = max_percent_;
  if (percent == 0) return bytes;
  const fs::Result<std::uint64_t> total = files_.world.files.total_bytes(files_.options.path);
  if (!total.ok()) return bytes;
  const std::uint64_t part = *total / 100 * percent;
  return bytes == 0 ? part : std::min(bytes, part);
}

void Upkeep::expire() {
  const std::shared_ptr<const partition::TableSet> tables = files_.catalogue->tables();
  const std::int64_t age = max_age_ms_;
  if (age > 0) {
    head::expire(files_.core);
    const std::int64_t before = files_.world.now_ms() - age;
    partition::TableSet gone;
    for (const auto& entry : *tables) {
      if (entry->partition_end() <= before) gone.push_back(entry);
    }
    drop(gone, &UpkeepFigures::tables_expired, &UpkeepFigures::age_retentions);
  }
  const std::uint64_t most = most_bytes();
  std::uint64_t used = files_.disk_bytes();
  if (most == 0 || used <= most) return;
  partition::TableSet gone;
  for (const auto& entry : *tables) {  // the oldest first
    if (used <= most) break;
    used -= std::min(used, entry->bytes());
    gone.push_back(entry);
  }
  drop(gone, &UpkeepFigures::tables_dropped, &UpkeepFigures::size_retentions);
}

void Upkeep::drop(const partition::TableSet& gone, std::uint64_t UpkeepFigures::*tables,
                  std::uint64_t UpkeepFigures::*times) {
  if (gone.empty()) return;
  {
    const std::lock_guard lock(files_.core.commit_mutex);
    files_.archive->publish({}, gone);
  }
  files_.catalogue->remove(gone);
  merge_.reset();
  const std::lock_guard lock(figures_mutex_);
  figures_.*tables += gone.size();
  ++(figures_.*times);
}

void Upkeep::collect() {
  const std::int64_t now_ns = files_.world.mono_ns();
  if (collected_ns_ != 0 && now_ns - collected_ns_ < kCollectEveryNs) return;
  collected_ns_ = now_ns;
  files_.archive->close_idle();
  head::collect_idle(files_.core);
  files_.core.epochs.collect();
}

// REQUIRES: the upkeep lock.
Status Upkeep::run_flush(std::int64_t deadline_mono_ns) {
  for (bool wanted = flush_ == nullptr;; wanted = false) {
    const Turn turn = flush_turn(deadline_mono_ns, wanted);
    if (turn == Turn::kFailed) return io_error("the flush failed, the log says why");
    if (flush_ == nullptr) return Status();
    if (past(deadline_mono_ns)) {
      flush_.reset();
      return {NX_ERR_DEADLINE, "no time for a whole flush"};
    }
  }
}

Status Upkeep::flush_now(std::int64_t deadline_mono_ns) {
  const std::lock_guard upkeep(mutex_);
  if (flush_ != nullptr) {
    const Status done = run_flush(deadline_mono_ns);
    if (!done.ok()) return done;
  }
  return run_flush(deadline_mono_ns);
}

Status Upkeep::at_rest(const std::function<Status()>& act) {
  const std::lock_guard upkeep(mutex_);
  if (flush_ != nullptr) {
    const Status done = run_flush(INT64_MAX);
    if (!done.ok()) return done;
  }
  merge_.reset();
  return act();
}

Status Upkeep::clean() {
  return at_rest([this] {
    const std::shared_ptr<const partition::TableSet> tables = files_.catalogue->tables();
    for (const auto& entry : *tables) {
      if (entry->tombstones() == nullptr || entry->tombstones()->empty()) continue;
      const Status done = rewrite({entry});
      if (!done.ok()) return done;
    }
    return Status();
  });
}

Status Upkeep::rewrite(partition::TableSet entries) {
  fs::Result<std::unique_ptr<partition::Merge>> merge = partition::Merge::begin(
      files_.world.files, *files_.catalogue, std::move(entries), partition::TableOptions());
  if (!merge.ok()) return to_status(merge.status());
  const fs::Result<partition::Merge::Progress> done = (*merge)->step([] { return false; });
  if (!done.ok()) return to_status(done.status());
  files_.archive->follow(*files_.catalogue->tables());
  files_.save_inventory();
  return Status();
}

void Upkeep::set_retention(const nx_retention& retention) {
  max_age_ms_ = retention.max_age_ms;
  max_bytes_ = retention.max_bytes;
  max_percent_ = retention.max_percent;
}

UpkeepFigures Upkeep::figures() const {
  const std::lock_guard lock(figures_mutex_);
  UpkeepFigures figures = figures_;
  figures.max_age_ms = max_age_ms_;
  figures.max_bytes = max_bytes_;
  return figures;
}

}  // namespace narthex::storage::tsdb
