// SPDX-License-Identifier: Apache-2.0
// matching.hpp - the series that satisfy all matchers, as sorted ids.
//
// Matchers run over the distinct values of their label, in batches and without any lock; then
// postings are intersected, the smallest first. A matcher that accepts the empty value (an absent
// label) excludes the series whose value it refuses. REQUIRES: the caller is in an epoch.
#pragma once

#include "storage/index/label_index.hpp"

#include <narthex/sdk/storage.hpp>

#include <atomic>

namespace narthex::storage::index {

// cancelled: looked at between batches of values and of series; raised, NX_ERR_CANCELLED is thrown.
// Null: nobody cancels.
Ids match_series(const LabelIndex& index, sdk::Matchers matchers,
                 const std::atomic<bool>* cancelled = nullptr);

}  // namespace narthex::storage::index
