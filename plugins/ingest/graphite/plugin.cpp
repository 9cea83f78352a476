// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/graphite/graphite.hpp"

NARTHEX_PLUGIN("ingest.graphite", "0.1.0", "Receives Graphite's plaintext protocol",
               narthex::sdk::Ingest<narthex::ingest::graphite::Graphite>)
