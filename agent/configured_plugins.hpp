// SPDX-License-Identifier: Apache-2.0
// configured_plugins.hpp - the plugin components that a configuration names, all kinds alike.
#pragma once

#include "config/config.hpp"

#include <narthex/sdk/result.hpp>

#include <vector>

namespace narthex::host {
class PluginHost;
}

namespace narthex {

// What their schemas say about a configuration, before anything is changed: findings are added.
// Returns the first that could not be asked.
Status check_plugins(host::PluginHost& plugins, const config::Config& config,
                     std::vector<document::Finding>& findings);

// The same configuration, where a plugin's file is another one by now with options that are no
// longer what they were: so the rooms make its instances anew.
config::Config stamped(host::PluginHost& plugins, const config::Config& config);

}  // namespace narthex
