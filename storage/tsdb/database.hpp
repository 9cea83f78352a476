// SPDX-License-Identifier: Apache-2.0
// database.hpp - the tsdb backend as a whole: hands out transactions and queriers, deletes, takes
// snapshots, does the upkeep. Thread-safe between open() and the end.
#pragma once

#include "storage/tsdb/files.hpp"
#include "storage/tsdb/upkeep.hpp"

#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace narthex::storage::tsdb {

class Database {
 public:
  // Recovers what a crash left. An error where the folder cannot be used.
  static Result<std::unique_ptr<Database>> open(const Options& options, Surroundings surroundings);
  // Flushes if that is possible in a moment; what is not flushed is in the log.
  ~Database();

  std::uint64_t capabilities() const;
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts& opts);
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t min_t, std::int64_t max_t);
  Status delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t);
  Status clean_deleted();
  // Into `directory`/partitions; without NX_SNAPSHOT_SKIP_HEAD everything is flushed first.
  Status snapshot(std::string_view directory, std::uint32_t flags);
  Status set_retention(const nx_retention& retention);
  nx_status maintain(std::int64_t deadline_mono_ns);
  nx_value stats(std::uint32_t top, sdk::TreeArena& arena);
  Result<std::uint64_t> cohort_open(const nx_cohort_opts& opts);
  void cohort_close(std::uint64_t cohort);

  Files& files() { return *files_; }
  // Writes everything in memory to tables; the log begins again.
  Status flush() { return upkeep_.flush_now(INT64_MAX); }
  // Since it was opened, what recovery has flushed included.
  std::uint64_t flushed_samples() const {
    return files_->flushed_in_recovery + upkeep_.figures().flushed_samples;
  }

 private:
  explicit Database(std::unique_ptr<Files> files);

  const std::unique_ptr<Files> files_;
  Upkeep upkeep_;
};

}  // namespace narthex::storage::tsdb
