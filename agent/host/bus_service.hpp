// SPDX-License-Identifier: Apache-2.0
// bus_service.hpp - NX_EXT_BUS: the event bus for plugins. An instance publishes below its plugin's
// id only, at a bounded rate and size; what it subscribed to ends before stop(). Thread-safe.
#pragma once

#include "bus/bus.hpp"
#include "host/rate_window.hpp"

#include <narthex/event.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

struct nx_subscription {
  std::unique_ptr<narthex::bus::Subscription> ends;
};

namespace narthex::host {

class PluginInstance;

extern const nx_ext_bus kBusService;

class InstanceBus {
 public:
  explicit InstanceBus(PluginInstance& owner) : owner_(owner) {}
  ~InstanceBus() { close(); }

  std::uint32_t topic(std::string_view name);
  Status publish(std::uint32_t topic, const nx_value& payload, std::uint32_t flags);
  Status subscribe(std::string_view pattern, const nx_sub_opts* opts, nx_event_fn fn, void* user,
                   nx_subscription** out);
  void unsubscribe(nx_subscription* subscription);
  void close();

 private:
  PluginInstance& owner_;
  RateWindow rate_{1000, 1000};
  std::mutex mutex_;
  // Guarded by mutex_.
  std::set<std::uint32_t> own_topics_;
  std::set<std::uint32_t> seen_topics_;
  std::vector<std::unique_ptr<nx_subscription>> subscriptions_;
};

}  // namespace narthex::host
