// SPDX-License-Identifier: Apache-2.0
#include "discovery/plugin_discoverer.hpp"

#include "host/instance.hpp"
#include "host/request_of.hpp"

#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <utility>

namespace narthex::discovery {
namespace {

constexpr std::string_view kKind = "discovery";
constexpr std::int64_t kRunDeadlineMs = 10'000;
// A refresh may take as long as the time until the next one, within reason.
constexpr std::int64_t kRefreshDeadlineMinMs = 5'000;
constexpr std::int64_t kRefreshDeadlineMaxMs = 60'000;

host::InstanceRequest request(std::string name, const MechanismOptions& options) {
  return host::request_of(NX_DISCOVERY_ID, kKind, options, std::move(name));
}

class PluginDiscoverer final : public Discoverer {
 public:
  PluginDiscoverer(std::shared_ptr<host::Instance> instance, const nx_discovery& table)
      : instance_(std::move(instance)),
        table_(table),
        interval_ms_(sdk::Value(&instance_->config())["refresh_interval"].get<std::int64_t>(
            table.default_interval_ms)),
        refresh_site_(instance_->site(
            "narthex.discovery/1.refresh",
            std::clamp(interval_ms_, kRefreshDeadlineMinMs, kRefreshDeadlineMaxMs))),
        run_site_(instance_->site("narthex.discovery/1.run", kRunDeadlineMs)) {}

  Status start(const nx_discovery_sink* sink) override {
    const Status started = instance_->start();
    if (!started.ok() || !watches()) return started;
    const Status running = instance_->call(
        run_site_, [&](void* self, nx_error* err) { return table_.run(self, sink, err); });
    if (!running.ok()) instance_->stop(0);
    return running;
  }
  void stop(std::int64_t deadline_mono_ns) override { instance_->stop(deadline_mono_ns); }
  bool watches() const override { return NX_HAS_FN(&table_, nx_discovery, run); }
  std::int64_t interval_ms() const override { return interval_ms_; }

  Status refresh(const nx_discovery_sink* sink) override {
    if (!instance_->available()) return unavailable("the plugin is switched off after failures");
    return instance_->call(
        refresh_site_, [&](void* self, nx_error* err) { return table_.refresh(self, sink, err); });
  }

 private:
  const std::shared_ptr<host::Instance> instance_;
  const nx_discovery& table_;
  const std::int64_t interval_ms_;
  const host::CallSite refresh_site_;
  const host::CallSite run_site_;
};

}  // namespace

Result<std::unique_ptr<Discoverer>> PluginDiscovererFactory::make(const std::string& name,
                                                                  const MechanismOptions& options) {
  Result<std::shared_ptr<host::Instance>> instance = host_.create(request(name, options));
  if (!instance.ok()) return instance.status();
  const auto* table = static_cast<const nx_discovery*>((*instance)->table(NX_DISCOVERY_ID));
  if (table == nullptr ||
      NX_HAS_FN(table, nx_discovery, run) == NX_HAS_FN(table, nx_discovery, refresh)) {
    return Status(NX_ERR_UNSUPPORTED, "plugin " + (*instance)->plugin_id() +
                                          " offers not exactly one of refresh and run");
  }
  return std::unique_ptr<Discoverer>(
      std::make_unique<PluginDiscoverer>(*std::move(instance), *table));
}

Status check(host::PluginHost& host, const MechanismOptions& options,
             std::vector<document::Finding>& findings) {
  return host.check(request(std::string(kKind) + '.' + options.plugin, options), findings);
}

}  // namespace narthex::discovery
