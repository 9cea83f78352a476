// SPDX-License-Identifier: Apache-2.0
// manager.hpp - runs the discovery mechanisms of all jobs and tells what changed, source by source.
//
// A job's first change is told at once, later ones at most once a second and then together. A
// failed refresh changes nothing and is tried again, later each time up to the mechanism's
// interval. When a reload replaces a mechanism, the targets of the old one stay until the new one
// has found its own (or 30 s have passed), so that nothing is stale in between. Thread-safe;
// apply() and stop() come from one thread at a time.
#pragma once

#include "bus/bus.hpp"
#include "discovery/discoverer.hpp"
#include "discovery/groups.hpp"
#include "discovery/options.hpp"
#include "runtime/executor.hpp"
#include "telemetry/metrics.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::discovery {

// The discovery of one job (a scrape job, later also a set of Alertmanagers).
struct JobDiscovery {
  std::string job;
  std::vector<MechanismOptions> mechanisms;
};

// What the manager works with; all outlive it.
struct ManagerServices {
  runtime::Executor& executor;
  telemetry::Registry& registry;
  bus::Bus& bus;
  DiscovererFactory& factory;
};

class Manager {
 public:
  Manager(ManagerServices services, GroupsChanged changed);
  ~Manager();  // stops

  // Makes exactly these jobs run. Of a job that is not among them nothing is told any more: who
  // keeps its targets lets go of them. Mechanisms whose fingerprint is what it was go on untouched;
  // what cannot be started is logged and counted, and the rest runs all the same. Returns the
  // failures.
  std::vector<Status> apply(std::span<const JobDiscovery> jobs);

  // Ends everything. Nothing is told after it returned, and nothing is withdrawn.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::discovery
