// SPDX-License-Identifier: Apache-2.0
#include "storage/none/none_storage.hpp"

NARTHEX_PLUGIN("storage.none", "0.1.0", "The storage backend of agent mode: keeps no samples",
               narthex::sdk::Storage<narthex::storage::none::NoneStorage>)
