// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/remote_write.hpp"

NARTHEX_PLUGIN("ingest.remote_write", "0.1.0", "Receives Prometheus remote write",
               narthex::sdk::Ingest<narthex::ingest::remote_write::RemoteWrite>)
