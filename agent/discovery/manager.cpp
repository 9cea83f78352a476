// SPDX-License-Identifier: Apache-2.0
#include "discovery/manager.hpp"

#include "discovery/job_feed.hpp"
#include "discovery/mechanism.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace narthex::discovery {
namespace {

// How long stopping waits for refreshes that are running, all together.
constexpr std::int64_t kStopNs = 2'000'000'000;

using MechanismPtr = std::shared_ptr<Mechanism>;

}  // namespace

struct Manager::Impl {
  struct Job {
    std::shared_ptr<JobFeed> feed;
    std::vector<MechanismPtr> mechanisms;
    std::map<std::string, std::uint64_t> made;  // mechanisms ever, by plugin: for their names
  };

  const ManagerServices services;
  const GroupsChanged changed;
  const telemetry::Log log{"discovery"};
  telemetry::Gauge& failed_configs;
  std::map<std::string, Job> jobs;

  Impl(ManagerServices s, GroupsChanged c)
      : services(s),
        changed(std::move(c)),
        failed_configs(s.registry.gauge(
            "prometheus_sd_failed_configs",
            "Current number of service discovery configurations that failed to load.",
            {{"name", "scrape"}})) {}

  void apply_job(const JobDiscovery& wanted, std::vector<Status>& failures);
  Status start_mechanism(const std::string& job_name, Job& job, const MechanismOptions& options);
  std::string next_name(const std::string& job_name, Job& job, const std::string& plugin);
  void stop_mechanisms(const std::vector<MechanismPtr>& mechanisms);
  void end_job(const Job& job);
};

Manager::Manager(ManagerServices services, GroupsChanged changed)
    : impl_(std::make_unique<Impl>(services, std::move(changed))) {}

Manager::~Manager() { stop(); }

std::vector<Status> Manager::apply(std::span<const JobDiscovery> jobs) {
  for (auto at = impl_->jobs.begin(); at != impl_->jobs.end();) {
    const bool wanted = std::any_of(jobs.begin(), jobs.end(),
                                    [&](const JobDiscovery& job) { return job.job == at->first; });
    if (!wanted) impl_->end_job(at->second);
    at = wanted ? std::next(at) : impl_->jobs.erase(at);
  }
  std::vector<Status> failures;
  for (const JobDiscovery& job : jobs) impl_->apply_job(job, failures);
  impl_->failed_configs.set(static_cast<double>(failures.size()));
  return failures;
}

void Manager::stop() {
  std::vector<MechanismPtr> all;
  for (auto& [name, job] : impl_->jobs) {
    job.feed->close();
    all.insert(all.end(), job.mechanisms.begin(), job.mechanisms.end());
  }
  impl_->stop_mechanisms(all);
  impl_->jobs.clear();
}

// New mechanisms are expected before old ones are withdrawn, so that the feed knows what to wait
// for.
void Manager::Impl::apply_job(const JobDiscovery& wanted, std::vector<Status>& failures) {
  Job& job = jobs[wanted.job];
  if (job.feed == nullptr) {
    job.feed = std::make_shared<JobFeed>(
        wanted.job, JobFeed::Services{services.executor, services.registry, services.bus, changed});
  }
  std::vector<MechanismPtr> old = std::exchange(job.mechanisms, {});
  std::vector<const MechanismOptions*> missing;
  for (const MechanismOptions& options : wanted.mechanisms) {
    const auto same = std::find_if(old.begin(), old.end(), [&](const MechanismPtr& m) {
      return m->options().plugin == options.plugin &&
             m->options().fingerprint == options.fingerprint;
    });
    if (same == old.end()) {
      missing.push_back(&options);
    } else {
      job.mechanisms.push_back(std::move(*same));
      old.erase(same);
    }
  }
  // What takes no further updates cannot add sources after they were listed.
  std::vector<std::string> sources;
  for (const MechanismPtr& mechanism : old) {
    mechanism->begin_stop();
    for (std::string& source : mechanism->sources()) sources.push_back(std::move(source));
  }
  for (const MechanismOptions* options : missing) {
    const Status started = start_mechanism(wanted.job, job, *options);
    if (started.ok()) continue;
    log.error("Cannot create service discovery",
              {{"type", options->plugin}, {"config", wanted.job}, {"err", started.message()}});
    failures.push_back(started.with_prefix("job " + wanted.job));
  }
  stop_mechanisms(old);
  job.feed->withdraw(std::move(sources));
}

Status Manager::Impl::start_mechanism(const std::string& job_name, Job& job,
                                      const MechanismOptions& options) {
  const std::string name = next_name(job_name, job, options.plugin);
  Result<std::unique_ptr<Discoverer>> discoverer = services.factory.make(name, options);
  if (!discoverer.ok()) return discoverer.status();
  auto mechanism =
      std::make_shared<Mechanism>(name, options, *std::move(discoverer), job.feed,
                                  Mechanism::Services{services.executor, services.registry});
  const Status started = mechanism->start();
  if (!started.ok()) return started;
  job.mechanisms.push_back(std::move(mechanism));
  return {};
}

// "discovery.file#pods", then "discovery.file#pods/2": a name is not used twice.
std::string Manager::Impl::next_name(const std::string& job_name, Job& job,
                                     const std::string& plugin) {
  const std::uint64_t number = ++job.made[plugin];
  const std::string name = "discovery." + plugin + '#' + job_name;
  return number == 1 ? name : name + '/' + std::to_string(number);
}

void Manager::Impl::stop_mechanisms(const std::vector<MechanismPtr>& mechanisms) {
  for (const MechanismPtr& mechanism : mechanisms) mechanism->begin_stop();
  const std::int64_t deadline_ns = services.executor.clock().mono_ns() + kStopNs;
  for (const MechanismPtr& mechanism : mechanisms) mechanism->stop(deadline_ns);
}

void Manager::Impl::end_job(const Job& job) {
  job.feed->close();
  stop_mechanisms(job.mechanisms);
}

}  // namespace narthex::discovery
