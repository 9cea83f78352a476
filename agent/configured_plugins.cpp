// SPDX-License-Identifier: Apache-2.0
#include "configured_plugins.hpp"

#include "config/components.hpp"
#include "host/request_of.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace narthex {

Status check_plugins(host::PluginHost& plugins, const config::Config& config,
                     std::vector<document::Finding>& findings) {
  Status first;
  config::for_each_component(config, [&](std::string_view interface_id, std::string_view kind,
                                         const auto& options) {
    const std::string name = std::string(kind) + "." + options.plugin + "#check";
    Status checked = plugins.check(host::request_of(interface_id, kind, options, name), findings);
    if (first.ok() && !checked.ok()) first = std::move(checked);
  });
  return first;
}

config::Config stamped(host::PluginHost& plugins, const config::Config& config) {
  config::Config with = config;
  config::for_each_component(
      with, [&](std::string_view interface_id, std::string_view kind, auto& options) {
        options.fingerprint += plugins.stamp(host::request_of(interface_id, kind, options));
      });
  return with;
}

}  // namespace narthex
