// SPDX-License-Identifier: Apache-2.0
// metrics_service.hpp - NX_EXT_METRICS: the plugin's own series on the agent's /metrics. Each
// carries the label plugin_instance and disappears with the instance. Thread-safe.
#pragma once

#include <narthex/host.h>
#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::host {

class PluginInstance;

extern const nx_ext_metrics kMetricsService;

class InstanceMetrics {
 public:
  explicit InstanceMetrics(PluginInstance& owner) : owner_(owner) {}
  ~InstanceMetrics() { close(); }

  // Null when refused.
  nx_cell* cell(std::uint32_t type, std::string_view name, std::string_view help,
                std::span<const nx_label> labels);
  // Forgets all series.
  void close();

 private:
  PluginInstance& owner_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, Labels>> series_;  // guarded by mutex_
};

}  // namespace narthex::host
