// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/influx/influx.hpp"

NARTHEX_PLUGIN("ingest.influx", "0.1.0", "Receives InfluxDB's line protocol",
               narthex::sdk::Ingest<narthex::ingest::influx::Influx>)
