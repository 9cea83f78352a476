// SPDX-License-Identifier: Apache-2.0
// stats.hpp - the figures of the backend as a tree: the keys of Prometheus's /api/v1/status/tsdb,
// and ours. Rankings have at most `top` rows and cost nothing when it is 0.
#pragma once

#include "storage/head/core.hpp"

#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <vector>

namespace narthex::storage::head {

// Of what is in the head; min_t > max_t: nothing.
struct DataRange {
  std::int64_t min_t;
  std::int64_t max_t;
};

// Appends all but min_time and max_time.
DataRange add_stats(Core& core, std::uint32_t top, sdk::TreeArena& arena, std::vector<nx_kv>& out);

}  // namespace narthex::storage::head
