// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/remote_storage.hpp"

NARTHEX_PLUGIN("storage.remote", "0.1.0", "The storage backend that is another engine",
               narthex::sdk::Storage<narthex::storage::remote::RemoteStorage>)
