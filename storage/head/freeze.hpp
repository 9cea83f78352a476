// SPDX-License-Identifier: Apache-2.0
// freeze.hpp - what a flush takes out of the head: marked first, read at leisure, dropped once it
// is durable elsewhere. What is written meanwhile is not marked and stays.
//
// All but freeze_groups: under the commit lock. One flush at a time.
#pragma once

#include "storage/head/core.hpp"

namespace narthex::storage::head {

// Marks the rows of all groups, taking the commit lock group by group.
void freeze_groups(Core& core);
void freeze(Core& core, Series& series);

// Drops what is marked.
void drop_frozen(Core& core, Series& series);
void drop_frozen_groups(Core& core);  // takes the commit lock group by group

// Takes the marks back.
void thaw(Core& core, Series& series);
void thaw_groups(Core& core);  // takes the commit lock

}  // namespace narthex::storage::head
