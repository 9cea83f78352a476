// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/http/http_discovery.hpp"

NARTHEX_PLUGIN("discovery.http", "0.1.0", "Targets from a server",
               narthex::sdk::Discovery<narthex::http_discovery::HttpDiscovery>)
