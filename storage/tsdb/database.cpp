// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/database.hpp"

#include "storage/head/deletion.hpp"
#include "storage/head/querier.hpp"
#include "storage/head/txn.hpp"
#include "storage/index/matching.hpp"
#include "storage/tsdb/stats.hpp"
#include "storage/tsdb/status.hpp"

#include <algorithm>
#include <string>

namespace narthex::storage::tsdb {
namespace {

constexpr std::int64_t kStopFlushNs = 1'500'000'000;

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const Options& options,
                                                 Surroundings surroundings) {
  Result<std::unique_ptr<Files>> files = Files::open(options, std::move(surroundings));
  if (!files.ok()) return files.status();
  return std::unique_ptr<Database>(new Database(*std::move(files)));
}

Database::Database(std::unique_ptr<Files> files)
    : files_(std::move(files)),
      upkeep_(*files_, static_cast<std::uint64_t>(files_->options.head_bytes)) {}

Database::~Database() {
  // Without a flush the log has everything: a failure, or no time, loses nothing.
  (void)upkeep_.flush_now(files_->world.mono_ns() + kStopFlushNs);
  const fs::Status synced = files_->log->sync();
  if (!synced.ok()) files_->warn("the log cannot be synced: " + synced.message());
}

std::uint64_t Database::capabilities() const {
  return NX_STORAGE_WRITE | NX_STORAGE_READ | NX_STORAGE_HISTOGRAMS | NX_STORAGE_EXEMPLARS |
         NX_STORAGE_METADATA | NX_STORAGE_START_TIME | NX_STORAGE_OUT_OF_ORDER | NX_STORAGE_DELETE |
         NX_STORAGE_SNAPSHOT | NX_STORAGE_ATOMIC | NX_STORAGE_DURABLE | NX_STORAGE_COHORTS;
}

std::unique_ptr<sdk::StorageTxn> Database::begin(const nx_txn_opts& opts) {
  const Status room = files_->room();
  if (!room.ok()) throw sdk::Error(room);
  return std::make_unique<head::Txn>(
      files_->core, opts.cohort,
      (opts.flags & NX_TXN_SYNC) != 0 ? head::Txn::Trust::kSynced : head::Txn::Trust::kNew);
}

std::unique_ptr<sdk::StorageQuerier> Database::open(std::int64_t min_t, std::int64_t max_t) {
  return std::make_unique<head::Querier>(files_->core, min_t, max_t);
}

Status Database::delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t) {
  return upkeep_.at_rest([&]() -> Status {
    // Makes the series of all tables in range known, so that they can match.
    const std::unique_ptr<head::ArchiveSession> session = files_->archive->session(min_t, max_t);
    const index::EpochHold hold(files_->core.epochs);
    const index::Ids ids = index::match_series(files_->core.index, matchers);
    if (ids.empty()) return Status();
    // The log first: what it says again after a crash is true of the tables too.
    const Status logged = files_->journal->erase(ids, min_t, max_t);
    if (!logged.ok()) return logged;
    head::delete_samples(files_->core, ids, min_t, max_t);
    return files_->delete_in_tables(ids, min_t, max_t);
  });
}

Status Database::clean_deleted() {
  const Status cleaned = upkeep_.clean();
  head::clean_deleted(files_->core);
  files_->core.epochs.collect();
  return cleaned;
}

Status Database::snapshot(std::string_view directory, std::uint32_t flags) {
  if ((flags & NX_SNAPSHOT_SKIP_HEAD) == 0) {
    const Status flushed = upkeep_.flush_now(INT64_MAX);
    if (!flushed.ok()) return flushed;
  }
  return upkeep_.at_rest([&] {
    const std::string folder = std::string(directory) + "/partitions";
    const fs::Status made = files_->world.files.make_directory(folder);
    if (!made.ok()) return to_status(made);
    return to_status(files_->catalogue->snapshot(folder));
  });
}

Status Database::set_retention(const nx_retention& retention) {
  files_->core.max_age_ms = retention.max_age_ms;
  upkeep_.set_retention(retention);
  return Status();
}

nx_status Database::maintain(std::int64_t deadline_mono_ns) {
  return upkeep_.slice(deadline_mono_ns, deadline_mono_ns == INT64_MAX);
}

nx_value Database::stats(std::uint32_t top, sdk::TreeArena& arena) {
  return make_stats(*files_, upkeep_.figures(), top, arena);
}

Result<std::uint64_t> Database::cohort_open(const nx_cohort_opts& opts) {
  const std::lock_guard lock(files_->core.commit_mutex);
  return files_->core.cohorts.open(view(opts.origin));
}

void Database::cohort_close(std::uint64_t cohort) {
  const std::lock_guard lock(files_->core.commit_mutex);
  files_->core.cohorts.close(cohort);
}

}  // namespace narthex::storage::tsdb
