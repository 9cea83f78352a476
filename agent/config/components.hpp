// SPDX-License-Identifier: Apache-2.0
// components.hpp - the plugin components that a configuration names, of all kinds alike.
#pragma once

#include "config/config.hpp"

#include <narthex/discovery.h>
#include <narthex/exporter.h>

namespace narthex::config {

// Calls visit(interface id, kind, options) for each; options are const where the configuration is.
template <class AnyConfig, class Visit>
void for_each_component(AnyConfig& config, const Visit& visit) {
  for (auto& job : config.scrape.jobs) {
    for (auto& mechanism : job.discovery) visit(NX_DISCOVERY_ID, "discovery", mechanism);
  }
  for (auto& exporter : config.scrape.exporters) visit(NX_EXPORTER_ID, "exporter", exporter);
  for (auto& receiver : config.ingest) visit(receiver.interface_id(), "ingest", receiver);
}

}  // namespace narthex::config
