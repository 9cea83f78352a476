// SPDX-License-Identifier: Apache-2.0
#include "storage/column/page_format.hpp"

namespace narthex::storage::column {

Status decode_entry(std::span<const PageEntry> entries, ByteView data, std::size_t index,
                    std::size_t from, std::size_t to, double* out) {
  // From the column that needs no other up to the wanted one.
  std::size_t chain[kReferenceDepthMax + 1];
  std::size_t length = 0;
  for (std::size_t at = index; at != kNoReference; at = entries[at].reference) {
    if (length > kReferenceDepthMax) return invalid_data("page: too long a chain of references");
    chain[length++] = at;
  }
  std::array<double, kRowsMax> buffers[2];
  const double* reference = nullptr;
  while (length-- > 0) {
    const PageEntry& entry = entries[chain[length]];
    double* target = length == 0 ? out : buffers[length % 2].data();
    const ByteView column = data.subspan(entry.offset, entry.size);
    const Status status = decode_values(column, entry.rows(), from, to, reference, target);
    if (!status.ok()) return status.with_prefix("slot " + std::to_string(entry.slot));
    reference = target;
  }
  return {};
}

}  // namespace narthex::storage::column
