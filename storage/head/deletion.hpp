// SPDX-License-Identifier: Apache-2.0
// deletion.hpp - deletes samples of series in a time range. What a series holds by itself goes at
// once; samples in rows of a group are hidden by a tombstone until clean_deleted(). What is written
// later is not hit, also where it falls into the range. Threads: any; takes the commit lock in
// slices.
#pragma once

#include "storage/head/core.hpp"

#include <cstdint>

namespace narthex::storage::head {

void delete_samples(Core& core, const index::Ids& ids, std::int64_t min_t, std::int64_t max_t);
void clean_deleted(Core& core);

}  // namespace narthex::storage::head
