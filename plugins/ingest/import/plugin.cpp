// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/import/import.hpp"

NARTHEX_PLUGIN("ingest.import", "0.1.0", "Receives Prometheus text and JSON lines",
               narthex::sdk::Ingest<narthex::ingest::import::Import>)
