// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/statsd/statsd.hpp"

NARTHEX_PLUGIN("ingest.statsd", "0.1.0", "Receives StatsD and DogStatsD",
               narthex::sdk::Ingest<narthex::ingest::statsd::Statsd>)
