// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/self/self_exporter.hpp"

NARTHEX_PLUGIN("exporter.self", "0.1.0", "The agent's own metrics",
               narthex::sdk::Exporter<narthex::exporter_self::SelfExporter>)
