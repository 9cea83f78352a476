// SPDX-License-Identifier: Apache-2.0
#include "scrape/pool.hpp"

#include "scrape/failure_log.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace narthex::scrape {
namespace {

std::uint32_t parse_flags(const JobOptions& options) {
  std::uint32_t flags = 0;
  if (options.honor_timestamps) flags |= NX_PARSE_HONOR_T;
  if (!options.scrape_native_histograms) flags |= NX_PARSE_NO_NATIVE;
  if (options.always_scrape_classic_histograms) flags |= NX_PARSE_KEEP_CLASSIC;
  if (options.convert_classic_histograms_to_nhcb) flags |= NX_PARSE_NHCB;
  if (options.start_zeros) flags |= NX_PARSE_START_T;
  if (options.type_and_unit_labels) flags |= NX_PARSE_TYPE_UNIT_LABELS;
  return flags;
}

SampleOptions sample_options(const JobOptions& options, bool extra_metrics) {
  SampleOptions out;
  out.honor_labels = options.honor_labels;
  out.honor_timestamps = options.honor_timestamps;
  out.track_timestamps_staleness = options.track_timestamps_staleness;
  out.legacy_names = options.metric_name_validation_scheme == "legacy";
  out.extra_metrics = extra_metrics;
  out.start_zeros = options.start_zeros;
  out.limits = options.limits;
  out.metric_relabel = options.metric_relabel_configs;
  return out;
}

}  // namespace

Result<PoolPlanPtr> make_plan(const JobOptions& options, const PlanServices& services) {
  const std::string where = "job " + options.job_name;
  auto plan = std::make_shared<PoolPlan>();
  plan->job = options.job_name;
  plan->fingerprint = options.fingerprint;
  auto targets = TargetRules::compile(options);
  if (!targets.ok()) return targets.status().with_prefix(where);
  plan->targets = *std::move(targets);
  auto samples = SampleRules::compile(sample_options(options, services.extra_metrics));
  if (!samples.ok()) return samples.status().with_prefix(where);
  plan->samples = *std::move(samples);
  auto client = services.make_client(options.client);
  if (!client.ok()) {
    return client.status().with_prefix(where + ": error creating HTTP client");
  }
  if (!options.scrape_failure_log_file.empty()) {
    auto log = FailureLog::open(options.scrape_failure_log_file);
    if (!log.ok()) return log.status().with_prefix(where);
    plan->failure_log = *std::move(log);
  }
  HttpOptions http;
  http.client = *std::move(client);
  http.parsers = services.parsers;
  http.accept =
      services.parsers->accept(options.scrape_protocols, options.metric_name_escaping_scheme);
  http.fallback_protocol = options.fallback_scrape_protocol;
  http.body_max_bytes = options.limits.body_size_limit;
  http.gzip = options.enable_compression;
  http.parse_flags = parse_flags(options);
  plan->http = std::make_shared<const HttpOptions>(std::move(http));
  return PoolPlanPtr(std::move(plan));
}

Pool::Pool(LoopServices services, PoolPlanPtr plan)
    : services_(services),
      job_(plan->job),
      target_count_(services.writer.metrics.registry.gauge(
          "prometheus_target_scrape_pool_targets", "Current number of targets in this scrape pool.",
          {{"scrape_job", plan->job}})),
      target_limit_(services.writer.metrics.registry.gauge(
          "prometheus_target_scrape_pool_target_limit",
          "Maximum number of targets allowed in this scrape pool.", {{"scrape_job", plan->job}})),
      syncs_(services.writer.metrics.registry.counter(
          "prometheus_target_scrape_pool_sync_total",
          "Total number of syncs that were executed on a scrape pool.",
          {{"scrape_job", plan->job}})),
      sync_failures_(services.writer.metrics.registry.counter(
          "prometheus_target_sync_failed_total", "Total number of target sync failures.",
          {{"scrape_job", plan->job}})),
      plan_(std::move(plan)),
      targets_(plan_->targets) {
  target_limit_.set(static_cast<double>(plan_->targets->limits().target_limit));
}

LoopPlan Pool::plan_for(const Target& target) const {
  return {plan_->samples,
          std::make_shared<HttpSource>(plan_->http, target.url, target.timeout_ms,
                                       services_.writer.metrics),
          plan_->failure_log};
}

void Pool::reconfigure(PoolPlanPtr plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
  target_limit_.set(static_cast<double>(plan_->targets->limits().target_limit));
  apply_locked(targets_.reconfigure(plan_->targets));
  for (const auto& [hash, loop] : loops_) loop->replan(plan_for(loop->target()));
}

void Pool::on_groups(std::span<const discovery::GroupChange> changes) {
  const std::lock_guard lock(mutex_);
  apply_locked(targets_.apply(changes));
}

void Pool::apply_locked(TargetChanges changes) {
  std::erase_if(leaving_, [](const auto& loop) { return loop.expired(); });
  for (const TargetPtr& target : changes.removed) {
    const auto at = loops_.find(target->hash);
    if (at == loops_.end()) continue;
    at->second->end();
    leaving_.push_back(at->second);
    loops_.erase(at);
  }
  std::vector<std::shared_ptr<Loop>> added;
  for (const TargetPtr& target : changes.added) {
    auto loop = std::make_shared<Loop>(services_, plan_->job, target, plan_for(*target));
    loops_[target->hash] = loop;
    added.push_back(std::move(loop));
  }
  check_limit_locked();
  const std::uint64_t places = places_of(loops_.size());
  for (const auto& loop : added) loop->start(places);
  count_locked(changes);
}

void Pool::check_limit_locked() {
  const Status status = targets_.limit_status();
  if (!status.ok()) services_.writer.metrics.over_target_limit.add();
  for (const auto& [hash, loop] : loops_) loop->force(status);
}

void Pool::count_locked(const TargetChanges& changes) {
  syncs_.add();
  target_count_.set(static_cast<double>(loops_.size()));
  if (changes.failed != 0) sync_failures_.add(static_cast<double>(changes.failed));
  for (const std::string& error : changes.errors) {
    log_.error("Creating target failed", {{"scrape_pool", plan_->job}, {"err", error}});
  }
}

void Pool::end() {
  const std::lock_guard lock(mutex_);
  for (const auto& [hash, loop] : loops_) {
    loop->end();
    leaving_.push_back(loop);
  }
  loops_.clear();
  telemetry::Registry& registry = services_.writer.metrics.registry;
  for (const char* name :
       {"prometheus_target_scrape_pool_targets", "prometheus_target_scrape_pool_target_limit",
        "prometheus_target_scrape_pool_sync_total", "prometheus_target_sync_failed_total"}) {
    registry.remove(name, {{"scrape_job", plan_->job}});
  }
}

void Pool::stop() {
  const std::lock_guard lock(mutex_);
  for (const auto& [hash, loop] : loops_) loop->stop();
  for (const auto& weak : leaving_) {
    if (const auto loop = weak.lock(); loop != nullptr) loop->stop();
  }
}

bool Pool::over() const {
  const std::lock_guard lock(mutex_);
  return loops_.empty() &&
         std::all_of(leaving_.begin(), leaving_.end(), [](const auto& l) { return l.expired(); });
}

PoolView Pool::view() const {
  PoolView view;
  const std::lock_guard lock(mutex_);
  view.name = plan_->job;
  view.dropped_total = targets_.dropped_total();
  view.active.reserve(loops_.size());
  targets_.visit_active([&](const TargetPtr& target, Labels discovered) {
    const auto at = loops_.find(target->hash);
    if (at == loops_.end()) return;
    TargetView& out = view.active.emplace_back();
    at->second->describe(out);
    out.discovered_labels = std::move(discovered);
  });
  targets_.visit_dropped([&](Labels discovered) {
    view.dropped.push_back({view.name, std::move(discovered)});
  });
  std::sort(view.active.begin(), view.active.end(), [](const TargetView& a, const TargetView& b) {
    return std::tie(a.scrape_url, a.labels) < std::tie(b.scrape_url, b.labels);
  });
  return view;
}

std::string Pool::fingerprint() const {
  const std::lock_guard lock(mutex_);
  return plan_->fingerprint;
}

std::vector<std::shared_ptr<Loop>> Pool::all_loops() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Loop>> loops;
  loops.reserve(loops_.size());
  for (const auto& [hash, loop] : loops_) loops.push_back(loop);
  return loops;
}

void Pool::metadata(std::vector<TargetMetadataView>& out) const {
  for (const auto& loop : all_loops()) {
    out.push_back({loop->target().labels, metadata_views(loop->metadata())});
  }
}

void Pool::count_metadata(std::size_t& entries, std::size_t& bytes) const {
  for (const auto& loop : all_loops()) {
    const FamilyList families = loop->metadata();
    if (families == nullptr) continue;
    entries += families->size();
    for (const Family& family : *families) {
      bytes += family.help.size() + family.unit.size() + type_name(family.type).size();
    }
  }
}

}  // namespace narthex::scrape
