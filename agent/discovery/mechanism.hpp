// SPDX-License-Identifier: Apache-2.0
// mechanism.hpp - one discoverer at work for one job: gives it a sink, refreshes it on time, and
// passes on what really changed.
//
//   waiting --timer--> refreshing --ok--> waiting (interval)      a refresh that fails changes
//                          '-----failed-> waiting (1, 2, 4 s ...)  nothing
//
// Thread-safe: the sink is called from anywhere; start() and stop() from one thread at a time.
#pragma once

#include "discovery/discoverer.hpp"
#include "discovery/group_copy.hpp"
#include "discovery/job_feed.hpp"
#include "runtime/executor.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::discovery {

class Mechanism : public std::enable_shared_from_this<Mechanism> {
 public:
  struct Services {
    runtime::Executor& executor;
    telemetry::Registry& registry;
  };
  Mechanism(std::string name, MechanismOptions options, std::unique_ptr<Discoverer> discoverer,
            std::shared_ptr<JobFeed> feed, Services services);

  const std::string& name() const { return name_; }
  const MechanismOptions& options() const { return options_; }

  Status start();
  // Takes nothing more and asks for no more; returns at once.
  void begin_stop();
  // Ends the discoverer. One whose refresh is still running by then is ended when that returns.
  void stop(std::int64_t deadline_mono_ns);
  // The sources it has sent, as the feed knows them.
  std::vector<std::string> sources() const;

 private:
  static nx_status NX_CALL update(const nx_discovery_sink* sink,
                                  const nx_target_group* const* groups, std::uint32_t count,
                                  nx_error* err);
  static void NX_CALL synced(const nx_discovery_sink* sink);

  Status take(std::vector<SourceUpdate> updates);
  void pass_on_locked(std::vector<SourceUpdate> updates, bool arrives);
  void schedule(std::int64_t delay_ms);
  void refresh();
  void finish_refresh(const Status& status, std::int64_t took_ns);
  std::int64_t next_delay_ms_locked(const Status& status);
  std::vector<SourceUpdate> whole_locked();
  std::string source_key(const std::string& source) const { return name_ + ':' + source; }

  const std::string name_;
  const MechanismOptions options_;
  const std::unique_ptr<Discoverer> discoverer_;
  const std::shared_ptr<JobFeed> feed_;
  const Services services_;
  const telemetry::Log log_;
  telemetry::Counter& received_updates_;
  telemetry::Counter& refresh_failures_;
  telemetry::Histogram& refresh_duration_;
  nx_discovery_sink sink_{};

  mutable std::mutex mutex_;
  std::condition_variable refreshed_;
  // Guarded by mutex_.
  std::map<std::string, GroupPtr> known_;  // what was passed on
  std::vector<SourceUpdate> collected_;    // sent by the refresh that is running
  int failures_ = 0;                       // in a row
  bool first_wait_ = true;
  bool arrived_ = false;
  bool refreshing_ = false;
  bool stopping_ = false;
  bool stop_after_refresh_ = false;
  runtime::Timer timer_;
};

}  // namespace narthex::discovery
