// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/memory_storage.hpp"

NARTHEX_PLUGIN("storage.memory", "0.1.0", "The storage backend that lives in memory",
               narthex::sdk::Storage<narthex::storage::memory::MemoryStorage>)
