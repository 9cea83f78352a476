// SPDX-License-Identifier: Apache-2.0
// loop.hpp - scrapes one target again and again.
//
//              timer            gathered           stored        timer: ours, or the source's
//   kWaiting ---------> kGathering -----> kStoring ------> kWaiting
//      | end()              | end(): when it is stored        |
//      v                    v                                 v
//   kLeaving (two intervals, so that a target that comes back is not marked) --> markers --> kEnded
//   any phase: stop() --> kEnded, nothing is written
//
// Only one stage runs at a time; no thread waits for a target. Thread-safe.
#pragma once

#include "bus/bus.hpp"
#include "runtime/executor.hpp"
#include "scrape/schedule.hpp"
#include "scrape/source.hpp"
#include "scrape/target.hpp"
#include "scrape/view.hpp"
#include "scrape/work_queue.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace narthex::scrape {

class FailureLog;

// What all loops share; outlives them.
struct LoopServices {
  runtime::Executor& executor;
  bus::Bus& bus;
  WorkQueue& work;
  WorkQueue& blocking_work;  // for sources that may block
  WorkbenchShelf& shelf;
  WriterServices writer;
  std::uint64_t seed = 0;  // of the start offsets
};

// What a job says about its loops; may change over a reload.
struct LoopPlan {
  std::shared_ptr<const SampleRules> rules;
  std::shared_ptr<Source> source;
  std::shared_ptr<FailureLog> failure_log;  // may be null
};

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(LoopServices services, std::string job, TargetPtr target, LoopPlan plan);

  // places: of an interval, where loops like this begin (places_of).
  void start(std::uint64_t places);
  // From the next scrape on.
  void replan(LoopPlan plan);
  // Not OK: every scrape fails with it (target_limit).
  void force(Status failure);
  // The target is gone: scraping ends, markers follow.
  void end();
  // The agent stops: nothing is written any more.
  void stop();

  const Target& target() const { return *target_; }
  // Fills in what the loop knows.
  void describe(TargetView& view) const;
  FamilyList metadata() const { return writer_.metadata(); }

 private:
  enum class Phase { kWaiting, kGathering, kStoring, kLeaving, kEnded };

  // Where the stage after this one runs: on a worker, or on this thread, which is the source's.
  enum class Place { kWorker, kHere };

  void wait_locked();
  void set_timer_locked();
  void on_begun(std::int64_t begun_ns);
  void gather(std::int64_t begun_ns, Place place);
  void on_gathered(Gathered gathered, Place place);
  void store(const Gathered& gathered);
  WriteOutcome write(const Gathered& gathered, Workbench& workbench);
  void note(const WriteOutcome& outcome, double duration_s);
  void publish(const WriteOutcome& outcome) const;
  void leave_locked();
  void write_end(std::int64_t t_ms);
  bool enter(Phase from, Phase to);

  LoopServices services_;
  const std::string job_;
  const TargetPtr target_;
  const telemetry::Log log_{"scrape manager"};
  IntervalLengths& lengths_;
  SampleWriter writer_;  // of the storing stage

  mutable std::mutex mutex_;  // guards all below
  Phase phase_ = Phase::kWaiting;
  bool leaving_ = false;  // end() came while a scrape was under way
  LoopPlan plan_;
  Status forced_;
  Schedule schedule_;
  runtime::Timer timer_;
  std::shared_ptr<net::Fetch> fetch_;
  std::int64_t begun_ns_ = 0;  // of this scrape, or the last
  std::int64_t t_ms_ = 0;
  Health health_ = Health::kUnknown;
  std::string last_error_;
  double last_duration_s_ = 0;
  std::int64_t storing_ns_ = INT64_MAX;  // what that of the last scrape took
  std::int64_t last_scrape_ms_ = 0;
};

}  // namespace narthex::scrape
