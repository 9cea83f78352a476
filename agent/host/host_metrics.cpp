// SPDX-License-Identifier: Apache-2.0
#include "host/host_metrics.hpp"

#include "host/plugin_instance.hpp"

#include <string>

namespace narthex::host {
namespace {

void gather_calls(const std::string& instance, const CallStats& stats, telemetry::Gathering& out) {
  const std::uint64_t errors = stats.errors.load();
  const std::uint64_t exceptions = stats.exceptions.load();
  const std::uint64_t all = stats.calls();
  const std::uint64_t bad = errors + exceptions;
  const auto count = [&](const char* result, std::uint64_t n) {
    out.counter("narthex_plugin_calls_total", "Calls into plugins, by entry point and result.",
                Labels{{"instance", instance}, {"entry", stats.entry}, {"result", result}},
                static_cast<double>(n));
  };
  count("ok", all > bad ? all - bad : 0);
  count("error", errors);
  if (exceptions != 0) count("exception", exceptions);
  if (const std::uint64_t misses = stats.deadline_misses.load(); misses != 0) {
    out.counter("narthex_plugin_deadline_misses_total",
                "Calls into plugins that took longer than their deadline.",
                Labels{{"instance", instance}, {"entry", stats.entry}},
                static_cast<double>(misses));
  }
}

void gather_crashes(const CrashBook& crashes, telemetry::Gathering& out) {
  for (const auto& [plugin, count] : crashes.counts()) {
    out.counter("narthex_plugin_crashes_total",
                "Times that a plugin ended the agent or its own process, as the journal knows.",
                Labels{{"plugin", plugin}}, static_cast<double>(count));
  }
  for (const Quarantined& quarantined : crashes.quarantined()) {
    out.gauge("narthex_plugin_quarantined", "Plugins that are left out after crashes; always 1.",
              Labels{{"plugin", quarantined.plugin}}, 1);
  }
}

}  // namespace

void gather_plugin_metrics(const HostContext& context, telemetry::Gathering& out) {
  gather_crashes(context.crashes, out);
  for (const auto& instance : context.instances()) {
    std::uint64_t exceptions = 0;
    for (const auto& stats : instance->stats()) {
      exceptions += stats->exceptions.load();
      if (stats->calls() != 0) gather_calls(instance->name(), *stats, out);
    }
    out.gauge("narthex_plugin_info", "Plugin instances and where they come from; always 1.",
              Labels{{"instance", instance->name()},
                     {"plugin", instance->plugin_id()},
                     {"version", instance->plugin_version()}},
              1);
    if (instance->library().isolated()) {
      out.gauge("narthex_plugin_up", "Whether the process of an isolated plugin instance runs.",
                Labels{{"instance", instance->name()}}, instance->process() != 0 ? 1 : 0);
    }
    out.counter("narthex_plugin_exceptions_total", "Exceptions thrown out of plugins.",
                Labels{{"instance", instance->name()}}, static_cast<double>(exceptions));
  }
}

}  // namespace narthex::host
