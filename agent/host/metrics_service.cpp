// SPDX-License-Identifier: Apache-2.0
#include "host/metrics_service.hpp"

#include "host/plugin_instance.hpp"
#include "host/utf8.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>

namespace narthex::host {
namespace {

constexpr std::size_t kSeriesMax = 1000;

bool is_name(std::string_view name, bool colons) {
  const auto ok = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  };
  return !name.empty() && name.size() <= 256 && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, ok);
}

}  // namespace

nx_cell* InstanceMetrics::cell(std::uint32_t type, std::string_view name, std::string_view help,
                               std::span<const nx_label> labels) {
  if (type != NX_TYPE_COUNTER && type != NX_TYPE_GAUGE) return nullptr;
  if (!is_name(name, true) || !is_utf8(help)) return nullptr;
  Labels all{{"plugin_instance", owner_.name()}};
  for (const nx_label& label : labels) {
    if (!is_name(view(label.name), false) || !is_utf8(view(label.value))) return nullptr;
    if (view(label.name) != "plugin_instance") all.set(view(label.name), view(label.value));
  }
  const std::lock_guard lock(mutex_);
  if (series_.size() >= kSeriesMax) return nullptr;
  telemetry::Registry& registry = owner_.context().services.registry;
  telemetry::Cell& made =
      type == NX_TYPE_COUNTER ? registry.counter(name, help, all) : registry.gauge(name, help, all);
  series_.emplace_back(name, std::move(all));
  return reinterpret_cast<nx_cell*>(&made);
}

void InstanceMetrics::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, labels] : series_) {
    owner_.context().services.registry.remove(name, labels);
  }
  series_.clear();
}

namespace {

nx_cell* cell(const nx_host* host, std::uint32_t type, nx_str name, nx_str help,
              const nx_label* labels, std::uint32_t label_count) {
  nx_cell* made = nullptr;
  (void)sdk::guard(nullptr, [&] {
    auto& instance = static_cast<PluginInstance&>(Instance::of(host));
    made = instance.metrics().cell(type, view(name), view(help),
                                   std::span(labels, labels != nullptr ? label_count : 0));
  });
  return made;
}

void add(nx_cell* cell, double delta) {
  if (cell != nullptr) reinterpret_cast<telemetry::Cell*>(cell)->add(delta);
}

void set(nx_cell* cell, double value) {
  if (cell != nullptr) reinterpret_cast<telemetry::Cell*>(cell)->set(value);
}

}  // namespace

const nx_ext_metrics kMetricsService = {sizeof(nx_ext_metrics), 0, &cell, &add, &set};

}  // namespace narthex::host
