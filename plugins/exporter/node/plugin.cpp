// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/node_exporter.hpp"

NARTHEX_PLUGIN("exporter.node", "0.1.0", "Metrics of the host",
               narthex::sdk::Exporter<narthex::exporter_node::NodeExporter>)
