// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/otlp.hpp"

NARTHEX_PLUGIN("ingest.otlp", "0.1.0", "Receives OpenTelemetry metrics over HTTP",
               narthex::sdk::Ingest<narthex::ingest::otlp::Otlp>)
