// SPDX-License-Identifier: Apache-2.0
#include "configured_plugins.hpp"

#include "host/plugin_host.hpp"

#include <narthex/discovery.h>
#include <narthex/exporter.h>

#include <string>
#include <string_view>
#include <utility>

namespace narthex {
namespace {

// Calls visit(interface id, kind, options) for each.
template <class Config, class Visit>
void for_each_component(Config& config, const Visit& visit) {
  for (auto& job : config.scrape.jobs) {
    for (auto& mechanism : job.discovery) visit(NX_DISCOVERY_ID, "discovery", mechanism);
  }
  for (auto& exporter : config.scrape.exporters) visit(NX_EXPORTER_ID, "exporter", exporter);
  for (auto& receiver : config.ingest) visit(receiver.interface_id(), "ingest", receiver);
}

template <class Options>
host::InstanceRequest request_of(std::string_view interface_id, std::string_view kind,
                                 const Options& options) {
  host::InstanceRequest request;
  request.interface_id = interface_id;
  request.kind = kind;
  request.component = options.plugin;
  request.config = options.config;
  request.document = options.document;
  request.isolated = options.isolated;
  return request;
}

}  // namespace

Status check_plugins(host::PluginHost& plugins, const config::Config& config,
                     std::vector<document::Finding>& findings) {
  Status first;
  for_each_component(
      config, [&](std::string_view interface_id, std::string_view kind, const auto& options) {
        host::InstanceRequest request = request_of(interface_id, kind, options);
        request.name = std::string(kind) + "." + options.plugin + "#check";
        Status checked = plugins.check(request, findings);
        if (first.ok() && !checked.ok()) first = std::move(checked);
      });
  return first;
}

config::Config stamped(host::PluginHost& plugins, const config::Config& config) {
  config::Config with = config;
  for_each_component(
      with, [&](std::string_view interface_id, std::string_view kind, auto& options) {
        options.fingerprint += plugins.stamp(request_of(interface_id, kind, options));
      });
  return with;
}

}  // namespace narthex
