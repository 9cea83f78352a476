// SPDX-License-Identifier: Apache-2.0
// tsdb_storage.hpp - the backend as a component: its name, its options, and the clocks, the log and
// the bus of its host. While it opens, the topic storage.tsdb.recovery says how far it is.
#pragma once

#include "storage/tsdb/database.hpp"
#include "storage/tsdb/folder_task.hpp"

#include <narthex/sdk/event.hpp>
#include <narthex/sdk/storage.hpp>

#include <memory>

namespace narthex::storage::tsdb {

class TsdbStorage {
 public:
  using Options = tsdb::Options;
  static constexpr std::string_view kName = "tsdb";
  static constexpr std::string_view kSummary =
      "Keeps series and samples on disk: a log, and column pages in tables";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_NO_ISOLATION;
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"path", &Options::path, R"("data")", "The folder of log and tables.", {}},
      {"fsync",
       &Options::fsync,
       R"("interval")",
       "When the log is synced: always (before a write is acknowledged), interval (each second), "
       "never.",
       {},
       R"("enum": ["always", "interval", "never"])"},
      {"head_bytes", &Options::head_bytes, R"("96MB")",
       "Samples in memory; when they take more, they are flushed to tables.", "bytes"},
      {"page_cache_bytes", &Options::page_cache_bytes, R"("32MB")",
       "Pages kept in memory after a query has read them.", "bytes"},
      {"max_exemplars",
       &Options::max_exemplars,
       "100000",
       "Exemplars kept, over all series; 0 keeps none.",
       {},
       R"("minimum": 0)"},
      {"check",
       &Options::check,
       R"("")",
       "Looks at the folder instead of opening it: verify and analyze read everything, repair "
       "also mends it. maintain() works at it, stats() tells what was found.",
       {},
       R"("enum": ["", "verify", "repair", "analyze"])"},
  };

  TsdbStorage(sdk::Host host, Options options) : host_(host), options_(std::move(options)) {}

  void start() {
    if (!options_.check.empty()) {
      task_ = value_or_throw(FolderTask::make(options_.check, options_, surroundings()));
      return;
    }
    database_ = value_or_throw(Database::open(options_, surroundings()));
  }
  void stop() {
    database_.reset();
    task_.reset();
  }

  std::uint64_t capabilities() const {
    return database_ != nullptr ? database_->capabilities() : 0;
  }
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts& opts) { return opened().begin(opts); }
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t min_t, std::int64_t max_t) {
    return opened().open(min_t, max_t);
  }
  Status delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t) {
    return opened().delete_series(matchers, min_t, max_t);
  }
  Status clean_deleted() { return opened().clean_deleted(); }
  Status snapshot(std::string_view directory, std::uint32_t flags) {
    return opened().snapshot(directory, flags);
  }
  Status set_retention(const nx_retention& retention) { return opened().set_retention(retention); }
  nx_status maintain(std::int64_t deadline_mono_ns) {
    if (task_ == nullptr) return opened().maintain(deadline_mono_ns);
    bool more = true;
    do {
      more = value_or_throw(task_->step());
    } while (more && host_.mono_ns() < deadline_mono_ns);
    return more ? NX_OK : NX_END;
  }
  nx_value stats(std::uint32_t top, sdk::TreeArena& arena) {
    return task_ != nullptr ? task_->tree(top, arena) : opened().stats(top, arena);
  }
  Result<std::uint64_t> cohort_open(const nx_cohort_opts& opts) {
    return opened().cohort_open(opts);
  }
  // A writer may end after the backend has.
  void cohort_close(std::uint64_t cohort) {
    if (database_ != nullptr) database_->cohort_close(cohort);
  }

 private:
  template <class T>
  static T value_or_throw(Result<T> result) {
    if (!result.ok()) throw sdk::Error(result.status());
    return *std::move(result);
  }
  Database& opened() {
    if (database_ == nullptr) {
      throw sdk::Error(Status(NX_ERR_UNSUPPORTED, "the data folder is not open"));
    }
    return *database_;
  }
  Surroundings surroundings() const {
    return {fs::posix_file_system(), [host = host_] { return host.now_ms(); },
            [host = host_] { return host.mono_ns(); },
            [host = host_](std::int32_t level, std::string_view text) { host.log(level, text); },
            [topic = recovery_](const RecoveryProgress& progress) { publish(topic, progress); }};
  }
  static void publish(const sdk::Topic& topic, const RecoveryProgress& progress) {
    const auto number = [](std::uint64_t n) {
      return sdk::TreeArena().integer(static_cast<std::int64_t>(n));
    };
    const nx_kv entries[] = {{to_nx("min"), number(progress.first_segment)},
                             {to_nx("max"), number(progress.last_segment)},
                             {to_nx("current"), number(progress.segment)},
                             {to_nx("bytes_done"), number(progress.bytes_done)},
                             {to_nx("bytes_total"), number(progress.bytes_total)},
                             {to_nx("done"), sdk::TreeArena().boolean(progress.done)}};
    // Who listens is told more often than he needs: what is lost is no loss.
    (void)topic.publish(entries, true);
  }

  const sdk::Host host_;
  const Options options_;
  const sdk::Topic recovery_{host_, "storage.tsdb.recovery"};
  std::unique_ptr<Database> database_;
  std::unique_ptr<FolderTask> task_;  // instead of the database
};

}  // namespace narthex::storage::tsdb
