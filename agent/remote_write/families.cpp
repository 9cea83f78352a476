// SPDX-License-Identifier: Apache-2.0
#include "remote_write/families.hpp"

#include <narthex/sdk/text.hpp>

#include <cstdint>

namespace narthex::remote_write {

Result<FamilyTable> read_families(store::Store& store) {
  Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
  if (!querier.ok()) return querier.status();
  FamilyTable families;
  const Status read = querier->metadata("", 0, [&](std::span<const nx_metadata> items) {
    for (const nx_metadata& m : items) {
      families[std::string(view(m.family))] = {m.type, std::string(view(m.help)),
                                               std::string(view(m.unit))};
    }
  });
  if (!read.ok()) return read;
  return families;
}

}  // namespace narthex::remote_write
