// SPDX-License-Identifier: Apache-2.0
// series_index.hpp - the label index, with a Series before every identity.
//
// Thread-safe, as index::LabelIndex is; what it says about epochs holds for Series too.
#pragma once

#include "storage/index/label_index.hpp"
#include "storage/head/series.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::head {

class SeriesIndex : public index::LabelIndex {
 public:
  explicit SeriesIndex(index::Epochs& epochs) : LabelIndex(epochs, index::state_hooks<Series>()) {}

  static Series* of(const index::Identity* identity) {
    return identity == nullptr ? nullptr : static_cast<Series*>(identity->state(sizeof(Series)));
  }
  // nullptr when there is none.
  Series* series(std::uint64_t id) const { return of(by_id(id)); }
  Series* series_by_ref(std::uint64_t ref) const { return of(by_ref(ref)); }

  void remove_series(std::span<Series* const> gone) {
    std::vector<const index::Identity*> identities;
    identities.reserve(gone.size());
    for (const Series* series : gone) identities.push_back(&series->identity());
    remove(identities);
  }
};

}  // namespace narthex::storage::head
