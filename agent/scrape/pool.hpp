// SPDX-License-Identifier: Apache-2.0
// pool.hpp - one job: its targets as discovery tells them, and a loop for each. Thread-safe.
#pragma once

#include "discovery/groups.hpp"
#include "scrape/http_source.hpp"
#include "scrape/loop.hpp"
#include "scrape/options.hpp"
#include "scrape/target_set.hpp"
#include "scrape/view.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::scrape {

// A job's options, checked and made ready. Immutable.
struct PoolPlan {
  std::string job;
  std::string fingerprint;
  std::shared_ptr<const TargetRules> targets;
  std::shared_ptr<const SampleRules> samples;
  std::shared_ptr<const HttpOptions> http;
  std::shared_ptr<FailureLog> failure_log;
};
using PoolPlanPtr = std::shared_ptr<const PoolPlan>;

// What plans are made from.
struct PlanServices {
  std::shared_ptr<const ParserSet> parsers;
  std::function<Result<std::shared_ptr<net::Client>>(const net::ClientOptions&)> make_client;
  bool extra_metrics = false;
};
Result<PoolPlanPtr> make_plan(const JobOptions& options, const PlanServices& services);

class Pool {
 public:
  Pool(LoopServices services, PoolPlanPtr plan);

  const std::string& job() const { return job_; }
  std::string fingerprint() const;
  // Targets that come out the same go on; those that do not are replaced.
  void reconfigure(PoolPlanPtr plan);
  void on_groups(std::span<const discovery::GroupChange> changes);
  // The job is gone: all its targets are.
  void end();
  // The agent stops.
  void stop();
  // After end(): no markers are to come any more.
  bool over() const;

  PoolView view() const;
  void metadata(std::vector<TargetMetadataView>& out) const;
  void count_metadata(std::size_t& entries, std::size_t& bytes) const;

 private:
  std::vector<std::shared_ptr<Loop>> all_loops() const;
  void apply_locked(TargetChanges changes);
  LoopPlan plan_for(const Target& target) const;
  void check_limit_locked();
  void count_locked(const TargetChanges& changes);

  const LoopServices services_;
  const std::string job_;
  telemetry::Gauge& target_count_;
  telemetry::Gauge& target_limit_;
  telemetry::Counter& syncs_;
  telemetry::Counter& sync_failures_;
  const telemetry::Log log_{"scrape manager"};

  mutable std::mutex mutex_;  // guards all below
  PoolPlanPtr plan_;
  TargetSet targets_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Loop>> loops_;  // by the target's hash
  std::vector<std::weak_ptr<Loop>> leaving_;  // ended, their markers may be still to come
};

}  // namespace narthex::scrape
