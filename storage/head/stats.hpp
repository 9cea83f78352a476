// SPDX-License-Identifier: Apache-2.0
// stats.hpp - the figures of the backend as a tree: the keys of Prometheus's /api/v1/status/tsdb,
// and ours. Rankings have at most `top` rows and cost nothing when it is 0.
#pragma once

#include "storage/head/core.hpp"

#include <narthex/sdk/value.hpp>

namespace narthex::storage::head {

nx_value make_stats(Core& core, std::uint32_t top, sdk::TreeArena& arena);

}  // namespace narthex::storage::head
