// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/opentsdb/opentsdb.hpp"

NARTHEX_PLUGIN("ingest.opentsdb", "0.1.0", "Receives OpenTSDB's put",
               narthex::sdk::Ingest<narthex::ingest::opentsdb::OpenTsdb>)
