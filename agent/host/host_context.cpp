// SPDX-License-Identifier: Apache-2.0
#include "host/host_context.hpp"

#include "host/bus_service.hpp"
#include "host/folder_service.hpp"
#include "host/gather_service.hpp"
#include "host/http_service.hpp"
#include "host/metrics_service.hpp"
#include "host/plugin_instance.hpp"
#include "host/state_service.hpp"
#include "host/tasks_service.hpp"
#include "host/text_service.hpp"

#include <algorithm>
#include <utility>

namespace narthex::host {

HostContext::HostContext(HostOptions given_options, HostServices given_services)
    : options(std::move(given_options)),
      services(given_services),
      clock(services.executor.clock()),
      crashes(options.data_dir, options.policy.quarantine),
      paths(services.executor),
      watchdog(services.executor,
               [this] {
                 bool in_flight = false;
                 for (const auto& instance : instances()) {
                   in_flight = instance->look_for_hung_calls(clock.mono_ns()) || in_flight;
                 }
                 return in_flight;
               }),
      policy_(options.policy) {
  extensions_ = {{NX_EXT_TASKS, &kTasksService},   {NX_EXT_HTTP, &kHttpService},
                 {NX_EXT_TEXT, &kTextService},     {NX_EXT_METRICS, &kMetricsService},
                 {NX_EXT_GATHER, &kGatherService}, {NX_EXT_BUS, &kBusService}};
  if (!options.data_dir.empty()) {
    extensions_.emplace(NX_EXT_STATE, &kStateService);
    extensions_.emplace(NX_EXT_FOLDER, &kFolderService);
  }
}

void HostContext::configure(PluginPolicy policy) {
  crashes.configure(policy.quarantine);
  const std::lock_guard lock(mutex_);
  policy_ = std::move(policy);
}

PluginSettings HostContext::settings_of(std::string_view plugin) const {
  const std::lock_guard lock(mutex_);
  const auto at = policy_.settings.find(plugin);
  return at != policy_.settings.end() ? at->second : PluginSettings();
}

void HostContext::tell_crash(const Crash& crash) const {
  const char* const who = crash.isolated         ? "the process of a plugin died"
                          : crash.plugin.empty() ? "the agent died in an earlier life"
                                                 : "a plugin ended an earlier life of the agent";
  log.error(who, {{"plugin", crash.plugin},
                  {"what", crash.text()},
                  {"build_id", crash.build_id},
                  {"stack", crash.stack}});
  services.bus.publish("plugin.crashed", "host",
                       {{"plugin", bus::text_value(crash.plugin)},
                        {"instance", bus::text_value(crash.instance)},
                        {"what", bus::text_value(crash.text())},
                        {"stack", bus::text_value(crash.stack)}},
                       true, "plugin");
}

HostContext::~HostContext() { watchdog.stop(); }

const void* HostContext::extension(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto at = extensions_.find(id);
  return at != extensions_.end() ? at->second : nullptr;
}

void HostContext::offer(std::string id, const void* table) {
  const std::lock_guard lock(mutex_);
  extensions_[std::move(id)] = table;
}

void HostContext::add(const std::shared_ptr<PluginInstance>& instance) {
  const std::lock_guard lock(mutex_);
  std::erase_if(instances_, [](const auto& weak) { return weak.expired(); });
  instances_.push_back(instance);
}

std::vector<std::shared_ptr<PluginInstance>> HostContext::instances() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<PluginInstance>> all;
  for (const auto& weak : instances_) {
    if (auto instance = weak.lock()) all.push_back(std::move(instance));
  }
  return all;
}

}  // namespace narthex::host
