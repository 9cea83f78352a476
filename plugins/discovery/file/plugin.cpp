// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/file/file_discovery.hpp"

NARTHEX_PLUGIN("discovery.file", "0.1.0", "Targets from files",
               narthex::sdk::Discovery<narthex::file_discovery::FileDiscovery>)
