// SPDX-License-Identifier: Apache-2.0
// queue_tap.hpp - brings what transactions store into the log. A transaction gathers its rows and
// writes them as one frame (large ones as several) when it commits. Thread-safe.
#pragma once

#include "remote_write/frame.hpp"
#include "remote_write/queue_log.hpp"
#include "remote_write/series_book.hpp"
#include "runtime/clock.hpp"
#include "store/tap.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace narthex::remote_write {

// What came in for sending, whatever became of it.
struct TapCounts {
  std::atomic<std::uint64_t> samples{0};
  std::atomic<std::uint64_t> histograms{0};
  std::atomic<std::uint64_t> exemplars{0};
  std::atomic<std::uint64_t> unwritten_rows{0};  // that the log could not take
  std::atomic<std::int64_t> highest_t_ms{0};
};

struct PendingRows;

class QueueTap final : public store::Tap {
 public:
  // `written` is called after rows were written, on the writer's thread: it must not block.
  QueueTap(QueueLog& log, const runtime::Clock& clock, std::function<void()> written)
      : log_(log), clock_(clock), written_(std::move(written)) {}

  std::unique_ptr<store::TapTransaction> begin() override;
  void write(const PendingRows& rows);
  SeriesBook& book() { return book_; }
  const TapCounts& counts() const { return counts_; }

 private:
  std::uint32_t id_of(BookedSeries& series);
  void flush();
  void flush_when_large();
  void turn_segment();
  void count(const PendingRows& rows);
  void sweep();

  QueueLog& log_;
  const runtime::Clock& clock_;
  const std::function<void()> written_;
  const telemetry::Log log_lines_{"remote_write"};
  SeriesBook book_;
  TapCounts counts_;
  std::mutex mutex_;  // one writer at a time
  // Guarded by mutex_:
  FrameBuilder frame_;
  std::uint32_t epoch_ = 1;  // a new one whenever series must be named anew
  std::uint32_t next_id_ = 0;
  std::int64_t swept_ns_ = 0;
};

}  // namespace narthex::remote_write
