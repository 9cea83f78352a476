// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/dns_discovery.hpp"

NARTHEX_PLUGIN("discovery.dns", "0.1.0", "Targets from DNS records",
               narthex::sdk::Discovery<narthex::dns_discovery::DnsDiscovery>)
