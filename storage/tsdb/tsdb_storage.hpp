// SPDX-License-Identifier: Apache-2.0
// tsdb_storage.hpp - the backend as a component: its name, its options, and the clocks and the log
// of its host.
#pragma once

#include "storage/tsdb/database.hpp"

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
  };

  TsdbStorage(sdk::Host host, Options options) : host_(host), options_(std::move(options)) {}

  void start() {
    Result<std::unique_ptr<Database>> opened = Database::open(
        options_,
        {fs::posix_file_system(), [host = host_] { return host.now_ms(); },
         [host = host_] { return host.mono_ns(); },
         [host = host_](std::int32_t level, std::string_view text) { host.log(level, text); }});
    if (!opened.ok()) throw sdk::Error(opened.status());
    database_ = *std::move(opened);
  }
  void stop() { database_.reset(); }

  std::uint64_t capabilities() const { return database_->capabilities(); }
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts& opts) { return database_->begin(opts); }
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t min_t, std::int64_t max_t) {
    return database_->open(min_t, max_t);
  }
  Status delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t) {
    return database_->delete_series(matchers, min_t, max_t);
  }
  Status clean_deleted() { return database_->clean_deleted(); }
  Status snapshot(std::string_view directory, std::uint32_t flags) {
    return database_->snapshot(directory, flags);
  }
  Status set_retention(const nx_retention& retention) {
    return database_->set_retention(retention);
  }
  nx_status maintain(std::int64_t deadline_mono_ns) {
    return database_->maintain(deadline_mono_ns);
  }
  nx_value stats(std::uint32_t top, sdk::TreeArena& arena) { return database_->stats(top, arena); }
  Result<std::uint64_t> cohort_open(const nx_cohort_opts& opts) {
    return database_->cohort_open(opts);
  }
  void cohort_close(std::uint64_t cohort) { database_->cohort_close(cohort); }

 private:
  const sdk::Host host_;
  const Options options_;
  std::unique_ptr<Database> database_;
};

}  // namespace narthex::storage::tsdb
