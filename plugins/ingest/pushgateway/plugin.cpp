// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/push_gateway.hpp"

NARTHEX_PLUGIN("ingest.pushgateway", "0.1.0", "Takes pushed metrics as Prometheus's Pushgateway",
               narthex::sdk::Ingest<narthex::ingest::pushgateway::PushGateway>)
