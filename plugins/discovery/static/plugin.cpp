// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/static/static_discovery.hpp"

NARTHEX_PLUGIN("discovery.static", "0.1.0", "Targets from the configuration itself",
               narthex::sdk::Discovery<narthex::static_discovery::StaticDiscovery>)
