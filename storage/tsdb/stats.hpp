// SPDX-License-Identifier: Apache-2.0
// stats.hpp - the figures of the backend as a tree: those of the head, and those of files, log and
// upkeep.
#pragma once

#include "storage/tsdb/files.hpp"
#include "storage/tsdb/upkeep.hpp"

#include <narthex/sdk/value.hpp>

namespace narthex::storage::tsdb {

nx_value make_stats(Files& files, const UpkeepFigures& upkeep, std::uint32_t top,
                    sdk::TreeArena& arena);

}  // namespace narthex::storage::tsdb
