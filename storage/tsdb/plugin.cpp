// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/tsdb_storage.hpp"

NARTHEX_PLUGIN("storage.tsdb", "0.1.0", "The storage backend that lives on disk",
               narthex::sdk::Storage<narthex::storage::tsdb::TsdbStorage>)
