// SPDX-License-Identifier: Apache-2.0
// log.hpp - the write-ahead log: takes records from many threads, loses none that it acknowledged.
//
// What append() acknowledges has been handed to the kernel in one write(2) a group, so it survives
// `kill -9` in every mode; with kAlways (or `sync`) it has also been synced. With kInterval a power
// cut loses at most one interval. Records are kept in memory until a sync has returned.
//
//   writing --write or sync fails--> broken --a new segment holds all unsynced records--> writing
//
// 1. A file is never written or synced again after one of its calls has failed.
// 2. While broken, appends are refused with the failure's status. Each tries again first, unless
//    the last try was less than `mend_interval_ms` ago; sync(), rotate() and tick() always try.
// 3. Disk full: the reserve file is given up, so that the log can end in order; then 2 holds, and
//    when there is space the next append or tick() succeeds.
//
// Threads: thread-safe. append() blocks for the write of its group, and while more than
// `unsynced_bytes_max` wait for a sync.
#pragma once

#include "storage/wal/replay.hpp"
#include "storage/wal/segment_writer.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

namespace narthex::storage::wal {

enum class Durability { kAlways, kInterval, kNever };

struct Options {
  Durability durability = Durability::kInterval;
  std::uint64_t segment_bytes = 32 << 20;
  std::uint64_t reserve_bytes = 64 << 20;  // 0: no reserve file
  std::uint64_t unsynced_bytes_max = 64 << 20;
  std::uint64_t sync_interval_ms = 1000;
  std::uint64_t mend_interval_ms = 100;
  bool background = true;  // a thread calls tick() each interval
};

struct Record {
  std::uint8_t type = 0;  // 1 to kRecordTypeMax
  ByteView payload;       // at most kRecordBytesMax
};

struct AppendOptions {
  // The generation() that the records were encoded for, when they rest on records before them; 0:
  // they stand for themselves. ESTALE when another segment has begun since: encode again, with
  // keys.
  std::uint64_t generation = 0;
  bool sync = false;  // acknowledged after a sync, whatever the mode
};

struct LogFigures {
  std::uint64_t records = 0;
  std::uint64_t groups = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t syncs = 0;
  std::uint64_t write_failures = 0;
  std::uint64_t sync_failures = 0;
  std::uint64_t segments_begun = 0;
  std::uint64_t unsynced_bytes = 0;
  bool broken = false;
};

struct SegmentRange {  // numbers; 0: there is none
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

class Log {
 public:
  // Begins a new segment behind what replay() has read. `files` outlives the log. Where no segment
  // can be made (disk full), the log opens broken and appends are refused until one can.
  static fs::Result<std::unique_ptr<Log>> open(fs::FileSystem& files, const std::string& folder,
                                               const Options& options, const LogState& state);
  // Syncs what it can.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // All of the records, in this order, or none. They are copied. After a failure none of them is
  // in the log of a later replay, unless the process ends before a new segment could be begun.
  fs::Status append(std::span<const Record> records, const AppendOptions& how = {});
  // The segment that the next records go to.
  std::uint64_t generation() const;
  fs::Status sync();
  // Begins a segment now, unless the current one is empty: truncate_below() of the answer, its
  // number and the generation, then leaves nothing that was appended before. Records that are
  // encoded for the generation before get ESTALE. On an error the log is broken.
  fs::Result<std::uint64_t> rotate();
  SegmentRange segments() const;
  // Syncs what is unsynced, mends a broken log, makes the reserve again when there is space.
  void tick();
  // Removes segments below `segment` but for those that carried records rest on. REQUIRES: what
  // they hold is durable elsewhere.
  fs::Status truncate_below(std::uint64_t segment);
  LogFigures figures() const;

 private:
  struct Group {  // records that are written together
    std::uint64_t generation = 0;
    bool dependent = false;  // some rest on the generation
    bool sync = false;
    bool done = false;
    fs::Status status;
    std::vector<PlainRecord> records;
    std::size_t bytes = 0;
  };
  struct Unsynced {
    Position at;
    std::shared_ptr<Group> group;
  };
  struct Known {
    std::string name;
    bool carries;
    std::uint64_t replaces;
  };
  using Lock = std::unique_lock<std::mutex>;

  Log(fs::FileSystem& files, std::string folder, const Options& options, const LogState& state);
  fs::Status append_once(std::vector<PlainRecord> records, const AppendOptions& how);
  std::shared_ptr<Group> join(std::vector<PlainRecord> records, const AppendOptions& how);
  void wait_for_room(Lock& lock);
  void lead(Lock& lock);
  fs::Status write(Lock& lock, const std::shared_ptr<Group>& group);
  fs::Status begin_segment(Lock& lock, std::uint64_t number);
  bool may_mend() const;
  fs::Status mend(Lock& lock, const std::shared_ptr<Group>& group);
  fs::Result<std::shared_ptr<SegmentWriter>> create(Lock& lock, const SegmentHeader& header,
                                                    ByteView content, bool sync);
  fs::Status sync_all(Lock& lock);
  void adopt(std::shared_ptr<SegmentWriter> segment);
  void take_io(Lock& lock);
  void free_io();
  void make_reserve(Lock& lock);
  bool give_up_reserve();

  fs::FileSystem& files_;
  const std::string folder_;
  const Options options_;

  mutable std::mutex mutex_;  // guards all below; not held during I/O
  std::condition_variable changed_;
  std::condition_variable stop_;  // the syncer's: it is not to wake for every group
  bool io_busy_ = false;          // its holder alone writes and begins segments
  Bytes frames_;                  // its holder's, without the mutex
  bool sync_busy_ = false;        // its holder alone syncs
  fs::Status broken_;             // not OK: state `broken`
  std::chrono::steady_clock::time_point mend_failed_at_;  // while broken
  std::uint64_t generation_ = 0;
  std::deque<std::shared_ptr<Group>> waiting_;
  std::shared_ptr<SegmentWriter> current_;                // null until the first could be made
  Position end_;                                          // of what has been written well
  std::vector<std::shared_ptr<SegmentWriter>> finished_;  // with unsynced records
  bool directory_synced_ = true;
  std::deque<Unsynced> unsynced_;
  std::map<std::uint64_t, Known> segments_;
  bool reserve_there_ = false;
  LogFigures figures_;
  bool stopping_ = false;
  std::thread syncer_;
};

}  // namespace narthex::storage::wal
