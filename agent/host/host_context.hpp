// SPDX-License-Identifier: Apache-2.0
// host_context.hpp - what all instances of one plugin host share: the agent's services, the table
// of host services by id, the watchdog, the path watcher. Thread-safe.
#pragma once

#include "host/crash_book.hpp"
#include "host/path_watcher.hpp"
#include "host/plugin_host.hpp"
#include "host/watchdog.hpp"
#include "telemetry/log.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

class PluginInstance;

class HostContext {
 public:
  HostContext(HostOptions options, HostServices services);
  ~HostContext();

  const HostOptions options;
  const HostServices services;
  const runtime::Clock& clock;
  const telemetry::Log log{"host"};
  CrashBook crashes;
  // Told about every change of an instance's health; set before there are any. May be empty.
  std::function<void(std::int32_t health, std::string_view reason)> on_health;
  PathWatcher paths;
  Watchdog watchdog;

  // The table of a host service, or null.
  const void* extension(std::string_view id) const;
  void offer(std::string id, const void* table);

  void configure(PluginPolicy policy);
  // What the configuration says of a plugin now.
  PluginSettings settings_of(std::string_view plugin) const;

  // In the log and on the bus.
  void tell_crash(const Crash& crash) const;

  void add(const std::shared_ptr<PluginInstance>& instance);
  // Those that still live, in order of creation.
  std::vector<std::shared_ptr<PluginInstance>> instances() const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  PluginPolicy policy_;
  std::map<std::string, const void*, std::less<>> extensions_;
  mutable std::vector<std::weak_ptr<PluginInstance>> instances_;
};

}  // namespace narthex::host
