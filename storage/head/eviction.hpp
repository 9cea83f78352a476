// SPDX-License-Identifier: Apache-2.0
// eviction.hpp - keeps the backend within its memory: what is oldest goes first, and is counted.
// Also what the retention says, and series whose data is gone. Threads: any; takes the commit lock
// in slices.
#pragma once

#include "storage/head/core.hpp"

#include <cstdint>

namespace narthex::storage::head {

// Drops the oldest data until a part of the limit is free. False when nothing is left to drop.
bool make_room(Core& core);
// Drops what is older than the retention.
void expire(Core& core);
// Packs and shrinks what has not been written for a while; takes out series without data.
void collect_idle(Core& core);

}  // namespace narthex::storage::head
