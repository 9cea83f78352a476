// SPDX-License-Identifier: Apache-2.0
// queue_log.hpp - the log of rows that are to be sent: segments `<number>.rows` in a folder, each a
// head and frames (frame.hpp), appended by one writer and read by any number of readers.
//
// A segment names its series itself. What a process finds is never written to again: it begins a
// segment of its own, so a tail torn by a crash stays where it is and is skipped. Beyond max_bytes
// the oldest segment goes, whoever has not read it, and beyond max_age_ms every one. Thread-safe.
#pragma once

#include "remote_write/place.hpp"
#include "runtime/clock.hpp"
#include "telemetry/log.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace narthex::remote_write {

inline constexpr std::string_view kSegmentMark = "NARTHEX-ROWS-01\n";

struct QueueLogOptions {
  std::string folder;
  std::uint64_t max_bytes = std::uint64_t{4} << 30;
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;  // at least; see append()
  std::int64_t max_age_ms = 0;            // of the newest row of a segment; 0: no bound
  const runtime::Clock* clock = nullptr;  // with max_age_ms. It outlives the log
  bool sync = true;                       // sync() reaches the disk; else the system decides when
};

class QueueLog {
 public:
  explicit QueueLog(QueueLogOptions options) : options_(std::move(options)) {}
  ~QueueLog();
  QueueLog(const QueueLog&) = delete;
  QueueLog& operator=(const QueueLog&) = delete;

  // Makes the folder and takes stock of what is in it.
  Status open();

  // The segment that append() will write to. It changes only in begin_segment().
  std::uint32_t segment() const;
  // True when the segment is full: large, and most of it rows rather than names of series; or so
  // old that dropping it by age would lose much at once.
  bool is_full() const;
  void begin_segment();

  // Writes a frame of `rows` rows, whole or not at all. A failed write begins a new segment, so the
  // next frame must name its series again.
  Status append(std::string_view frame, std::uint32_t rows, std::size_t series_bytes);
  // Brings what was appended to the disk.
  void sync();

  // How far readers may read: a segment, and its bytes.
  struct Tail {
    std::uint32_t segment = 0;
    std::uint64_t bytes = 0;
  };
  Tail tail() const;
  // The first segment from `segment` on that is there; 0: none but those to come.
  std::uint32_t first_from(std::uint32_t segment) const;
  // Bytes of a segment that a reader may read; 0 when it is gone.
  std::uint64_t bytes_of(std::uint32_t segment) const;
  std::string path_of(std::uint32_t segment) const;
  // The place of the next row to be written.
  Place end() const;

  // Rows between two places, those of dropped segments included: what lies before a reader.
  std::uint64_t rows_between(Place from, Place to) const;
  // Segments before `segment` are read by nobody any more.
  void forget_before(std::uint32_t segment);
  // Drops segments that were written to last longer ago than max_age_ms.
  void drop_aged();

  struct Stats {
    std::uint64_t bytes = 0;
    std::uint64_t segments = 0;
    std::uint64_t dropped_segments = 0;
    std::uint64_t write_failures = 0;
  };
  Stats stats() const;

 private:
  struct Segment {
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    std::int64_t begun_ms = 0;    // with max_age_ms: when its file was made, as far as known
    std::int64_t written_ms = 0;  // with max_age_ms: when it was written to last
    bool counted = false;         // rows is known
    bool gone = false;            // dropped: kept for rows_between()
  };
  Status open_file();
  Status write_whole(std::string_view bytes);
  void close_file();
  void keep_bounds();
  void drop(std::uint32_t number, Segment& segment, std::string_view why);
  std::int64_t now_ms() const;  // 0 without max_age_ms
  void remove_file(std::uint32_t segment);
  void count_rows(std::uint32_t number, Segment& segment) const;

  const QueueLogOptions options_;
  const telemetry::Log log_{"remote_write"};
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  mutable std::map<std::uint32_t, Segment> segments_;
  std::uint32_t current_ = 0;
  std::uint64_t series_bytes_ = 0;  // of the current segment
  int file_ = -1;
  bool unsynced_ = false;
  Stats stats_;
};

}  // namespace narthex::remote_write
