// SPDX-License-Identifier: Apache-2.0
// job_feed.hpp - the way from a job's mechanisms to whoever wants its targets: gathers what they
// found, folds bursts, and tells it in order.
//
// What a mechanism finds first is told at once; after that once a second at most. What a replaced
// mechanism leaves behind is withdrawn when all expected mechanisms have found theirs, or after 30
// s. Thread-safe; the callback runs on the job's strand, no lock held.
#pragma once

#include "bus/bus.hpp"
#include "discovery/groups.hpp"
#include "runtime/executor.hpp"
#include "telemetry/metrics.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace narthex::discovery {

class JobFeed : public std::enable_shared_from_this<JobFeed> {
 public:
  // All outlive the feed.
  struct Services {
    runtime::Executor& executor;
    telemetry::Registry& registry;
    bus::Bus& bus;
    const GroupsChanged& changed;
  };
  JobFeed(std::string job, Services services);
  ~JobFeed();

  // A mechanism that has not found its targets yet.
  void expect(const std::string& mechanism);
  // Its targets are known, or it will never find any.
  void arrived(const std::string& mechanism);
  // `arrives`: as arrived(), in the same step, and told at once.
  void put(const std::string& mechanism, std::vector<GroupChange> changes, bool arrives);
  // These sources are gone, once nothing is expected any more.
  void withdraw(std::vector<std::string> sources);
  // Nothing is told after this; waits for a callback that is running.
  void close();

 private:
  struct Told {
    std::uint64_t added = 0;
    std::uint64_t removed = 0;
  };

  void add_locked(std::vector<GroupChange> changes);
  void release_locked();
  void schedule_locked(bool at_once);
  void post_flush_locked();
  void flush();
  Told remember_locked(const std::vector<GroupChange>& changes);
  void publish(const Told& told, std::uint64_t total);

  const std::string job_;
  const Services services_;
  telemetry::Gauge& discovered_targets_;
  telemetry::Counter& updates_;
  telemetry::Counter& updates_delayed_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, GroupPtr> pending_;  // not told yet
  std::map<std::string, GroupPtr> told_;
  std::set<std::string> expected_;
  std::vector<std::string> withheld_;  // sources that wait for expected_ to become empty
  std::uint64_t total_ = 0;            // targets in told_
  std::int64_t next_ns_ = 0;           // not told earlier than this
  bool flush_posted_ = false;
  bool timer_set_ = false;
  bool closed_ = false;
  runtime::Timer timer_;
  runtime::Timer withheld_timer_;

  runtime::Strand strand_;
};

}  // namespace narthex::discovery
