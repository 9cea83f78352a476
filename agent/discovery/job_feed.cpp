// SPDX-License-Identifier: Apache-2.0
#include "discovery/job_feed.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace narthex::discovery {
namespace {

constexpr std::int64_t kPauseNs = 1'000'000'000;
constexpr std::int64_t kWithheldMs = 30'000;
// The set that scrape jobs belong to; Prometheus's other one is "notify".
constexpr std::string_view kSet = "scrape";

Labels job_labels(const std::string& job) { return {{"config", job}, {"name", std::string(kSet)}}; }

using Targets = std::vector<const Labels*>;

// Sorted, for comparison as a set. Targets of another group's labels are other targets.
Targets sorted_targets(const sdk::TargetGroup& group) {
  Targets out;
  out.reserve(group.targets.size());
  for (const Labels& t : group.targets) out.push_back(&t);
  std::sort(out.begin(), out.end(), [](const Labels* a, const Labels* b) { return *a < *b; });
  return out;
}

std::uint64_t missing_from(const Targets& all, const Targets& others) {
  Targets missing;
  std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                      std::back_inserter(missing),
                      [](const Labels* a, const Labels* b) { return *a < *b; });
  return missing.size();
}

std::uint64_t size_of(const GroupPtr& group) {
  return group != nullptr ? group->targets.size() : 0;
}

}  // namespace

JobFeed::JobFeed(std::string job, Services services)
    : job_(std::move(job)),
      services_(services),
      discovered_targets_(services.registry.gauge("prometheus_sd_discovered_targets",
                                                  "Current number of discovered targets.",
                                                  job_labels(job_))),
      updates_(services.registry.counter("prometheus_sd_updates_total",
                                         "Total number of update events sent to the SD consumers.",
                                         {{"name", std::string(kSet)}})),
      updates_delayed_(services.registry.counter(
          "prometheus_sd_updates_delayed_total",
          "Total number of update events that couldn't be sent immediately.",
          {{"name", std::string(kSet)}})),
      strand_(services.executor, runtime::Pool::kWorker) {}

JobFeed::~JobFeed() { close(); }

void JobFeed::expect(const std::string& mechanism) {
  const std::lock_guard lock(mutex_);
  expected_.insert(mechanism);
}

void JobFeed::arrived(const std::string& mechanism) { put(mechanism, {}, true); }

void JobFeed::put(const std::string& mechanism, std::vector<GroupChange> changes, bool arrives) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  add_locked(std::move(changes));
  if (arrives && expected_.erase(mechanism) > 0 && expected_.empty()) release_locked();
  if (!pending_.empty()) schedule_locked(arrives);
}

void JobFeed::withdraw(std::vector<std::string> sources) {
  const std::lock_guard lock(mutex_);
  if (closed_ || sources.empty()) return;
  std::move(sources.begin(), sources.end(), std::back_inserter(withheld_));
  if (expected_.empty()) {
    release_locked();
    schedule_locked(true);
    return;
  }
  withheld_timer_ =
      services_.executor.after(kWithheldMs, runtime::Pool::kWorker, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        const std::lock_guard inner(self->mutex_);
        self->release_locked();
        if (!self->pending_.empty()) self->schedule_locked(true);
      });
}

void JobFeed::close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    timer_.cancel();
    withheld_timer_.cancel();
  }
  strand_.close();
  services_.registry.remove("prometheus_sd_discovered_targets", job_labels(job_));
}

void JobFeed::add_locked(std::vector<GroupChange> changes) {
  for (GroupChange& change : changes) {
    pending_.insert_or_assign(std::move(change.source), std::move(change.group));
  }
}

void JobFeed::release_locked() {
  for (std::string& source : withheld_) pending_.insert_or_assign(std::move(source), nullptr);
  withheld_.clear();
}

void JobFeed::schedule_locked(bool at_once) {
  if (flush_posted_ || closed_) return;
  if (at_once || services_.executor.clock().mono_ns() >= next_ns_) {
    post_flush_locked();
  } else if (!timer_set_) {
    timer_set_ = true;
    updates_delayed_.add();
    timer_ = services_.executor.at(next_ns_, runtime::Pool::kWorker, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const std::lock_guard lock(self->mutex_);
      self->timer_set_ = false;
      if (!self->flush_posted_ && !self->closed_) self->post_flush_locked();
    });
  }
}

void JobFeed::post_flush_locked() {
  flush_posted_ = true;
  strand_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void JobFeed::flush() {
  std::vector<GroupChange> changes;
  Told told;
  std::uint64_t total = 0;
  {
    const std::lock_guard lock(mutex_);
    flush_posted_ = false;
    timer_.cancel();
    timer_set_ = false;
    if (closed_) return;
    next_ns_ = services_.executor.clock().mono_ns() + kPauseNs;
    for (auto& [source, group] : std::exchange(pending_, {})) {
      const auto known = told_.find(source);
      // Withdrawn before anybody had heard of it.
      if (group == nullptr && known == told_.end()) continue;
      changes.push_back({source, std::move(group)});
    }
    told = remember_locked(changes);
    total = total_;
  }
  if (changes.empty()) return;
  discovered_targets_.set(static_cast<double>(total));
  updates_.add();
  services_.changed(job_, changes);
  publish(told, total);
}

// Takes the changes into told_ and counts the targets that came and went.
JobFeed::Told JobFeed::remember_locked(const std::vector<GroupChange>& changes) {
  Told told;
  for (const GroupChange& change : changes) {
    GroupPtr before;
    if (const auto known = told_.find(change.source); known != told_.end()) {
      before = std::move(known->second);
      told_.erase(known);
    }
    if (before != nullptr && change.group != nullptr && before->labels == change.group->labels) {
      const Targets old_targets = sorted_targets(*before);
      const Targets new_targets = sorted_targets(*change.group);
      told.added += missing_from(new_targets, old_targets);
      told.removed += missing_from(old_targets, new_targets);
    } else {
      told.added += size_of(change.group);
      told.removed += size_of(before);
    }
    total_ = total_ + size_of(change.group) - size_of(before);
    if (change.group != nullptr) told_.emplace(change.source, change.group);
  }
  return told;
}

void JobFeed::publish(const Told& told, std::uint64_t total) {
  const auto number = [](std::uint64_t n) { return bus::int_value(static_cast<std::int64_t>(n)); };
  services_.bus.publish("discovery.changed", "agent",
                        {{"job", bus::text_value(job_)},
                         {"added", number(told.added)},
                         {"removed", number(told.removed)},
                         {"total", number(total)}});
}

}  // namespace narthex::discovery
