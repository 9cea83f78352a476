// SPDX-License-Identifier: Apache-2.0
#include "discovery/mechanism.hpp"

#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <set>
#include <utility>

namespace narthex::discovery {
namespace {

constexpr std::int64_t kRetryMs = 1'000;
constexpr std::int64_t kRetryMaxMs = 60'000;  // of mechanisms that refresh once
constexpr std::array kDurationBounds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0};

Mechanism& mechanism_of(const nx_discovery_sink* sink) {
  return *static_cast<Mechanism*>(sink->impl);
}

}  // namespace

Mechanism::Mechanism(std::string name, MechanismOptions options,
                     std::unique_ptr<Discoverer> discoverer, std::shared_ptr<JobFeed> feed,
                     Services services)
    : name_(std::move(name)),
      options_(std::move(options)),
      discoverer_(std::move(discoverer)),
      feed_(std::move(feed)),
      services_(services),
      log_("discovery"),
      received_updates_(services.registry.counter(
          "prometheus_sd_received_updates_total",
          "Total number of update events received from the SD providers.", {{"name", "scrape"}})),
      refresh_failures_(
          services.registry.counter("prometheus_sd_refresh_failures_total",
                                    "Number of refresh failures for the given SD mechanism.",
                                    {{"mechanism", options_.plugin}})),
      refresh_duration_(services.registry.histogram(
          "prometheus_sd_refresh_duration_seconds",
          "The duration of a refresh in seconds for the given SD mechanism.", kDurationBounds,
          {{"mechanism", options_.plugin}})) {
  sink_.struct_size = sizeof sink_;
  sink_.impl = this;
  sink_.update = &Mechanism::update;
  sink_.synced = &Mechanism::synced;
}

Status Mechanism::start() {
  feed_->expect(name_);
  const Status started = discoverer_->start(&sink_);
  if (!started.ok()) {
    feed_->arrived(name_);
    return started;
  }
  if (!discoverer_->watches()) schedule(0);
  return {};
}

void Mechanism::begin_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  timer_.cancel();
}

void Mechanism::stop(std::int64_t deadline_mono_ns) {
  begin_stop();
  {
    std::unique_lock lock(mutex_);
    const std::int64_t left_ns = deadline_mono_ns - services_.executor.clock().mono_ns();
    const bool ended =
        refreshed_.wait_for(lock, std::chrono::nanoseconds(std::max<std::int64_t>(0, left_ns)),
                            [&] { return !refreshing_; });
    stop_after_refresh_ = !ended;
  }
  if (!stop_after_refresh_) discoverer_->stop(deadline_mono_ns);
  feed_->arrived(name_);
}

std::vector<std::string> Mechanism::sources() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(known_.size());
  for (const auto& [source, group] : known_) out.push_back(source_key(source));
  return out;
}

nx_status Mechanism::update(const nx_discovery_sink* sink, const nx_target_group* const* groups,
                            std::uint32_t count, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    Result<std::vector<SourceUpdate>> updates = copy_groups(groups, count);
    if (!updates.ok()) return updates.status();
    return mechanism_of(sink).take(*std::move(updates));
  });
}

void Mechanism::synced(const nx_discovery_sink* sink) {
  (void)sdk::guard(nullptr, [&] {
    Mechanism& self = mechanism_of(sink);
    const std::lock_guard lock(self.mutex_);
    // A refresh arrives when it ends well, whatever the plugin says.
    if (!self.refreshing_ && !self.stopping_) self.pass_on_locked({}, true);
  });
}

Status Mechanism::take(std::vector<SourceUpdate> updates) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return {NX_ERR_PRECONDITION, "the discovery is being stopped"};
  received_updates_.add();
  if (refreshing_) {
    std::move(updates.begin(), updates.end(), std::back_inserter(collected_));
  } else {
    pass_on_locked(std::move(updates), false);
  }
  return {};
}

// Gives the feed what is not known yet. Holds the lock over the feed's, so that two updates cannot
// overtake each other.
void Mechanism::pass_on_locked(std::vector<SourceUpdate> updates, bool arrives) {
  std::vector<GroupChange> changes;
  for (SourceUpdate& update : updates) {
    const auto known = known_.find(update.source);
    if (update.group == nullptr) {
      if (known == known_.end()) continue;
      known_.erase(known);
    } else if (known != known_.end()) {
      if (same_targets(*known->second, *update.group)) continue;
      known->second = update.group;
    } else {
      known_.emplace(update.source, update.group);
    }
    changes.push_back({source_key(update.source), std::move(update.group)});
  }
  const bool first = arrives && !std::exchange(arrived_, arrived_ || arrives);
  if (first || !changes.empty()) feed_->put(name_, std::move(changes), first);
}

void Mechanism::schedule(std::int64_t delay_ms) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  timer_ = services_.executor.after(delay_ms, runtime::Pool::kWorker, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->refresh();
  });
}

void Mechanism::refresh() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    refreshing_ = true;
    collected_.clear();
  }
  const std::int64_t begun_ns = services_.executor.clock().mono_ns();
  const Status status = discoverer_->refresh(&sink_);
  finish_refresh(status, services_.executor.clock().mono_ns() - begun_ns);
}

void Mechanism::finish_refresh(const Status& status, std::int64_t took_ns) {
  refresh_duration_.observe(static_cast<double>(took_ns) * 1e-9);
  std::int64_t delay_ms = 0;
  bool stop_now = false;
  {
    const std::lock_guard lock(mutex_);
    refreshing_ = false;
    if (status.ok() && !stopping_) pass_on_locked(whole_locked(), true);
    collected_.clear();
    delay_ms = next_delay_ms_locked(status);
    stop_now = stop_after_refresh_;
  }
  refreshed_.notify_all();
  if (!status.ok()) {
    refresh_failures_.add();
    log_.error("Unable to refresh target groups",
               {{"discovery", options_.plugin}, {"instance", name_}, {"err", status.message()}});
  }
  if (stop_now) {
    discoverer_->stop(services_.executor.clock().mono_ns());
  } else if (delay_ms > 0) {
    schedule(delay_ms);
  }
}

// What the refresh collected, and the end of every source that it did not mention.
std::vector<SourceUpdate> Mechanism::whole_locked() {
  std::set<std::string> mentioned;
  for (const SourceUpdate& update : collected_) mentioned.insert(update.source);
  for (const auto& [source, group] : known_) {
    if (!mentioned.contains(source)) collected_.push_back({source, nullptr});
  }
  return std::exchange(collected_, {});
}

// 0: never again. The first wait is shortened by up to a tenth, another part for each name, so that
// mechanisms that began together do not work together for ever.
std::int64_t Mechanism::next_delay_ms_locked(const Status& status) {
  const std::int64_t interval_ms = discoverer_->interval_ms();
  if (!status.ok()) {
    const std::int64_t most_ms = interval_ms > 0 ? interval_ms : kRetryMaxMs;
    const std::int64_t doubled_ms = kRetryMs << std::min(failures_++, 20);
    const std::int64_t asked_ms = status.retry_after_ms();
    return std::max<std::int64_t>(1, std::min(std::max(doubled_ms, asked_ms), most_ms));
  }
  failures_ = 0;
  if (!std::exchange(first_wait_, false)) return interval_ms;
  const auto part = static_cast<std::int64_t>(std::hash<std::string>{}(name_) % 100);
  return interval_ms - interval_ms * part / 1'000;
}

}  // namespace narthex::discovery
