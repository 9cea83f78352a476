// SPDX-License-Identifier: Apache-2.0
// block_series.hpp - one series of a block that a cursor yields, as views into it. Pure.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/storage.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace narthex::remote_read {

// Sorted by name, names unique. They are added to what leaves, and taken back from what asks.
using ExternalLabels = std::vector<std::pair<std::string, std::string>>;

// The labels of series s and those external ones whose name it does not have, sorted by name. The
// views live as long as the block and `external`.
void merged_labels(const nx_block& block, std::uint32_t s, const ExternalLabels& external,
                   std::vector<nx_label>& out);

// The samples of series s in this block.
blocks::SampleView samples_of(const nx_block& block, std::uint32_t s);

}  // namespace narthex::remote_read
