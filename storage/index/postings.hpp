// SPDX-License-Identifier: Apache-2.0
// postings.hpp - operations on sorted lists of series ids. Pure.
//
// Plain sorted vectors: ids are handed out in order, so a new series appends at the end, and the
// lists of a memory backend (up to a few million ids) intersect at memory speed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::index {

using Ids = std::vector<std::uint32_t>;

// What is in both. Steps through the longer list in leaps when the other is much shorter.
Ids intersect(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);
// What is in any. The lists may overlap.
Ids unite(std::span<const std::span<const std::uint32_t>> lists);

}  // namespace narthex::storage::index
