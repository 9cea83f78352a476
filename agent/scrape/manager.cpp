// SPDX-License-Identifier: Apache-2.0
#include "scrape/manager.hpp"

#include "scrape/exporter.hpp"
#include "scrape/pool.hpp"

#include <xxhash.h>

#include <algorithm>
#include <map>
#include <set>
#include <shared_mutex>
#include <thread>
#include <utility>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kEndBudgetNs = 2'000'000'000;
constexpr std::size_t kBlockingMax = 4;  // exporters that collect at once

// Different agents scrape the same targets at different moments.
std::uint64_t offset_seed(const std::string& host_name, const ScrapeOptions& options) {
  std::string text = host_name;
  for (const auto& [name, value] : options.external_labels) text += "\xff" + name + "\xff" + value;
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace

struct Manager::Impl {
  explicit Impl(ManagerServices s)
      : services(std::move(s)),
        parsers(std::make_shared<const ParserSet>(services.parsers)),
        metrics(services.registry),
        work(services.executor, std::max(1u, std::thread::hardware_concurrency())),
        blocking_work(services.executor, kBlockingMax) {
    gather = services.registry.on_gather([this](telemetry::Gathering& out) { show(out); });
  }

  LoopServices loop_services() {
    return {services.executor,
            services.bus,
            work,
            blocking_work,
            shelf,
            {services.store, metrics, families},
            seed};
  }

  Result<std::map<std::string, PoolPlanPtr>> make_plans(const ScrapeOptions& options);
  void apply_jobs(const ScrapeOptions& options, std::map<std::string, PoolPlanPtr> plans);
  void apply_exporters(const ScrapeOptions& options);
  void start_exporter(const std::string& key, const ExporterOptions& options,
                      const ExporterDefaults& defaults);
  std::shared_ptr<Pool> find(std::string_view job) const;
  std::vector<std::shared_ptr<Pool>> all_pools() const;
  void show(telemetry::Gathering& out) const;
  std::int64_t end_deadline_ns() const {
    return services.executor.clock().mono_ns() + kEndBudgetNs;
  }

  const ManagerServices services;
  const std::shared_ptr<const ParserSet>
      parsers;  // before the shelf: workbenches hold scratch of theirs
  ScrapeMetrics metrics;
  WorkQueue work;
  WorkQueue blocking_work;
  WorkbenchShelf shelf;
  FamilyLists families;
  const telemetry::Log log{"scrape manager"};
  std::uint64_t seed = 0;
  std::uint64_t exporter_count = 0;  // names instances apart over reloads

  mutable std::shared_mutex mutex;  // guards all below
  std::map<std::string, std::shared_ptr<Pool>, std::less<>> pools;
  std::map<std::string, std::shared_ptr<Exporter>> exporters;
  std::vector<std::shared_ptr<Pool>> ended;  // their markers may be still to come
  bool stopped = false;
  std::shared_ptr<void> gather;
};

Manager::Manager(ManagerServices services) : impl_(std::make_unique<Impl>(std::move(services))) {}

Manager::~Manager() { stop(impl_->services.executor.clock().mono_ns() + kEndBudgetNs); }

Result<std::map<std::string, PoolPlanPtr>> Manager::Impl::make_plans(const ScrapeOptions& options) {
  const PlanServices plan_services{parsers, services.make_client, options.extra_scrape_metrics};
  std::map<std::string, PoolPlanPtr> plans;
  for (const JobOptions& job : options.jobs) {
    const std::shared_ptr<Pool> pool = find(job.job_name);
    if (pool != nullptr && pool->fingerprint() == job.fingerprint) continue;
    pool == nullptr ? metrics.pools.add() : metrics.pool_reloads.add();
    auto plan = make_plan(job, plan_services);
    if (!plan.ok()) {
      pool == nullptr ? metrics.pools_failed.add() : metrics.pool_reloads_failed.add();
      return plan.status();
    }
    plans.emplace(job.job_name, *std::move(plan));
  }
  return plans;
}

Status Manager::apply(const ScrapeOptions& options) {
  auto plans = impl_->make_plans(options);
  if (!plans.ok()) return plans.status();
  impl_->seed = offset_seed(impl_->services.host_name, options);
  impl_->apply_jobs(options, *std::move(plans));
  impl_->apply_exporters(options);
  return {};
}

void Manager::Impl::apply_jobs(const ScrapeOptions& options,
                               std::map<std::string, PoolPlanPtr> plans) {
  std::set<std::string_view> wanted;
  for (const JobOptions& job : options.jobs) wanted.insert(job.job_name);
  std::vector<std::shared_ptr<Pool>> gone;
  {
    const std::unique_lock lock(mutex);
    for (auto at = pools.begin(); at != pools.end();) {
      if (wanted.contains(at->first)) {
        ++at;
        continue;
      }
      gone.push_back(at->second);
      at = pools.erase(at);
    }
    std::erase_if(ended, [](const auto& pool) { return pool->over(); });
    ended.insert(ended.end(), gone.begin(), gone.end());
  }
  for (const auto& pool : gone) pool->end();
  for (auto& [job, plan] : plans) {
    if (const std::shared_ptr<Pool> pool = find(job); pool != nullptr) {
      pool->reconfigure(std::move(plan));
      continue;
    }
    auto pool = std::make_shared<Pool>(loop_services(), std::move(plan));
    const std::unique_lock lock(mutex);
    pools.emplace(job, std::move(pool));
  }
}

void Manager::Impl::apply_exporters(const ScrapeOptions& options) {
  const ExporterDefaults defaults{services.host_name, options.default_interval_ms,
                                  options.extra_scrape_metrics};
  std::map<std::string, const ExporterOptions*> wanted;
  for (const ExporterOptions& exporter : options.exporters) {
    std::string key = exporter.plugin + "/" + exporter.job + "/" + exporter.instance;
    while (wanted.contains(key)) key += "+";
    wanted.emplace(std::move(key), &exporter);
  }
  std::vector<std::shared_ptr<Exporter>> gone;
  {
    const std::unique_lock lock(mutex);
    std::erase_if(exporters, [&](const auto& entry) {
      const auto at = wanted.find(entry.first);
      if (at != wanted.end() && at->second->fingerprint == entry.second->fingerprint()) {
        wanted.erase(at);
        return false;
      }
      gone.push_back(entry.second);
      return true;
    });
  }
  for (const auto& exporter : gone) exporter->end(end_deadline_ns());
  for (const auto& [key, exporter] : wanted) start_exporter(key, *exporter, defaults);
}

void Manager::Impl::start_exporter(const std::string& key, const ExporterOptions& options,
                                   const ExporterDefaults& defaults) {
  const std::string name = "exporter." + options.plugin + "#" + std::to_string(++exporter_count);
  auto instance = services.make_exporter(options, name);
  Status failed = instance.status();
  if (instance.ok()) {
    auto exporter = Exporter::start(loop_services(), options, defaults, *std::move(instance));
    if (exporter.ok()) {
      const std::unique_lock lock(mutex);
      exporters.emplace(key, *std::move(exporter));
      return;
    }
    failed = exporter.status();
  }
  log.error("An exporter did not start", {{"plugin", options.plugin}, {"err", failed.message()}});
}

std::shared_ptr<Pool> Manager::Impl::find(std::string_view job) const {
  const std::shared_lock lock(mutex);
  const auto at = pools.find(job);
  return at != pools.end() ? at->second : nullptr;
}

std::vector<std::shared_ptr<Pool>> Manager::Impl::all_pools() const {
  const std::shared_lock lock(mutex);
  std::vector<std::shared_ptr<Pool>> out;
  for (const auto& [name, pool] : pools) out.push_back(pool);
  return out;
}

void Manager::Impl::show(telemetry::Gathering& out) const {
  for (const auto& pool : all_pools()) {
    std::size_t entries = 0;
    std::size_t bytes = 0;
    pool->count_metadata(entries, bytes);
    const Labels labels{{"scrape_job", pool->job()}};
    out.gauge("prometheus_target_metadata_cache_entries",
              "Total number of metric metadata entries in the cache", labels,
              static_cast<double>(entries));
    out.gauge(
        "prometheus_target_metadata_cache_bytes",
        "The number of bytes that are currently used for storing metric metadata in the cache",
        labels, static_cast<double>(bytes));
  }
}

void Manager::on_groups(std::string_view job, std::span<const discovery::GroupChange> changes) {
  if (const auto pool = impl_->find(job); pool != nullptr) pool->on_groups(changes);
}

void Manager::stop(std::int64_t deadline_mono_ns) {
  std::shared_ptr<void> gather;  // dies outside of the lock: a gathering that runs takes it
  std::vector<std::shared_ptr<Exporter>> exporters;
  std::vector<std::shared_ptr<Pool>> pools = impl_->all_pools();
  {
    const std::unique_lock lock(impl_->mutex);
    if (std::exchange(impl_->stopped, true)) return;
    gather.swap(impl_->gather);
    pools.insert(pools.end(), impl_->ended.begin(), impl_->ended.end());
    for (const auto& [key, exporter] : impl_->exporters) exporters.push_back(exporter);
  }
  for (const auto& pool : pools) pool->stop();
  impl_->work.stop(deadline_mono_ns);
  impl_->blocking_work.stop(deadline_mono_ns);
  for (const auto& exporter : exporters) exporter->stop(deadline_mono_ns);
}

std::vector<PoolView> Manager::pools() const {
  std::vector<PoolView> out;
  for (const auto& pool : impl_->all_pools()) out.push_back(pool->view());
  const std::shared_lock lock(impl_->mutex);
  for (const auto& [key, exporter] : impl_->exporters) {
    PoolView& view = out.emplace_back();
    exporter->loop().describe(view.active.emplace_back());
    view.name = view.active.back().scrape_pool;
  }
  return out;
}

std::vector<TargetMetadataView> Manager::metadata() const {
  std::vector<TargetMetadataView> out;
  for (const auto& pool : impl_->all_pools()) pool->metadata(out);
  const std::shared_lock lock(impl_->mutex);
  for (const auto& [key, exporter] : impl_->exporters) {
    const Loop& loop = exporter->loop();
    out.push_back({loop.target().labels, metadata_views(loop.metadata())});
  }
  return out;
}

}  // namespace narthex::scrape
