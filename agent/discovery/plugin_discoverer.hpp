// SPDX-License-Identifier: Apache-2.0
// plugin_discoverer.hpp - discoverers that are instances of plugins. Thread-safe.
#pragma once

#include "discovery/discoverer.hpp"
#include "document/document.hpp"
#include "host/plugin_host.hpp"

#include <memory>
#include <string>
#include <vector>

namespace narthex::discovery {

class PluginDiscovererFactory final : public DiscovererFactory {
 public:
  // The host outlives the factory and what it makes.
  explicit PluginDiscovererFactory(host::PluginHost& host) : host_(host) {}

  Result<std::unique_ptr<Discoverer>> make(const std::string& name,
                                           const MechanismOptions& options) override;

 private:
  host::PluginHost& host_;
};

// Checks a mechanism's configuration with its plugin; adds what is wrong to findings.
Status check(host::PluginHost& host, const MechanismOptions& options,
             std::vector<document::Finding>& findings);

}  // namespace narthex::discovery
