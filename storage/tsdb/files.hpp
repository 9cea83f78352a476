// SPDX-License-Identifier: Apache-2.0
// files.hpp - the data folder with all that stands in it, and the head before it: opened, recovered
// after a crash, and what upkeep and transactions share.
//
//   <path>/partitions/   tables (storage/partition)
//   <path>/wal/          the log (storage/wal)
//   <path>/inventory     what should be there
#pragma once

#include "storage/head/core.hpp"
#include "storage/partition/catalogue.hpp"
#include "storage/tsdb/archive.hpp"
#include "storage/tsdb/inventory.hpp"
#include "storage/tsdb/journal.hpp"
#include "storage/tsdb/options.hpp"
#include "storage/wal/log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::storage::tsdb {

// How far the log is read. Segments by number; 0: there are none.
struct RecoveryProgress {
  std::uint64_t first_segment = 0;
  std::uint64_t last_segment = 0;
  std::uint64_t segment = 0;  // that is being read
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  bool done = false;
};

// What the backend needs of the world.
struct Surroundings {
  fs::FileSystem& files;
  std::function<std::int64_t()> now_ms;
  std::function<std::int64_t()> mono_ns;
  std::function<void(std::int32_t level, std::string_view text)> log;  // NX_LOG_*
  // Told at most every 100 ms while the backend opens, and at the end. May be null.
  std::function<void(const RecoveryProgress& progress)> recovering = {};
};

struct DamageFigures {
  std::atomic<std::uint64_t> log_stretches{0};    // of the log, unreadable
  std::atomic<std::uint64_t> samples_dropped{0};  // of the log: their value is not certain
  std::atomic<std::uint64_t> files_missing{0};
  std::atomic<std::uint64_t> tables_set_aside{0};
  std::atomic<std::uint64_t> pages{0};  // could not be read, counted each time
};

class Files {
 public:
  // Makes the folder where it is missing and its parent is there.
  static Result<std::unique_ptr<Files>> open(const Options& options, Surroundings surroundings);
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  const Surroundings world;
  const Options options;
  DamageFigures damage;
  head::Core core;
  std::unique_ptr<partition::Catalogue> catalogue;
  std::unique_ptr<TableArchive> archive;
  std::unique_ptr<wal::Log> log;
  std::unique_ptr<LogJournal> journal;
  // Of the recovery.
  std::uint64_t flushed_in_recovery = 0;  // samples
  std::int64_t recovery_ns = 0;

  // UNAVAILABLE while the file system has next to no room: what is left is for ending in order.
  // Looked at twice a second.
  Status room();
  // Marks samples of the series in the tables as deleted.
  Status delete_in_tables(const std::vector<std::uint32_t>& ids, std::int64_t min_t,
                          std::int64_t max_t);
  // Writes the inventory where it is no longer true. Failures are told and tried again next time.
  // Segments below `first_needed` are about to go.
  void save_inventory(std::uint64_t first_needed = 0);
  // Bytes of tables and log on the disk.
  std::uint64_t disk_bytes() const;
  // Of the log's files, looked up; 0 where they cannot be listed.
  std::uint64_t log_file_bytes() const;
  void warn(std::string_view text) const { world.log(NX_LOG_WARN, text); }

 private:
  Files(const Options& options, Surroundings surroundings);
  Status open_tables();
  Status recover();
  void compare(const wal::LogState& state);
  void told_of_page(const partition::TableEntry& entry, const std::string& why);
  std::string path_of(std::string_view name) const {
    return options.path + "/" + std::string(name);
  }

  std::mutex room_mutex_;
  Status room_;  // guarded by room_mutex_, as the two below
  std::int64_t room_looked_ns_ = 0;
  std::int64_t room_told_ns_ = 0;
  std::mutex inventory_mutex_;
  Inventory saved_;                                                // guarded by inventory_mutex_
  std::vector<std::pair<std::string, std::string>> lost_at_open_;  // tables, and why
  std::mutex told_mutex_;
  std::vector<std::string> told_;  // damaged pages, each told once; guarded by told_mutex_
};

}  // namespace narthex::storage::tsdb
