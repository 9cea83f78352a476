// SPDX-License-Identifier: Apache-2.0
// families.hpp - the metadata of all families, as the store has it.
#pragma once

#include "remote_write/message.hpp"
#include "store/store.hpp"

namespace narthex::remote_write {

// [worker] May block on the storage.
Result<FamilyTable> read_families(store::Store& store);

}  // namespace narthex::remote_write
