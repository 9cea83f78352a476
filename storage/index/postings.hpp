// SPDX-License-Identifier: Apache-2.0
// postings.hpp - operations on sorted lists of series ids. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::index {

using Ids = std::vector<std::uint32_t>;

// What is in both. Steps through the longer list in leaps when the other is much shorter.
Ids intersect(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace narthex::storage::index
