// SPDX-License-Identifier: Apache-2.0
// placement.hpp - the head's series in the order in which tables hold them.
#pragma once

#include "storage/head/core.hpp"

#include <cstdint>
#include <vector>

namespace narthex::storage::tsdb {

// Ids of all series that have anything in the head, in placement order
// (partition::placement_order). Takes the commit lock in slices.
std::vector<std::uint32_t> series_to_flush(head::Core& core);

}  // namespace narthex::storage::tsdb
