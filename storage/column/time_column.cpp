// SPDX-License-Identifier: Apache-2.0
#include "storage/column/time_column.hpp"

namespace narthex::storage::column {

void encode_times(std::span<const std::int64_t> times, IntegerScratch& scratch, Bytes& out) {
  std::array<std::uint64_t, kRowsMax> m;
  for (std::size_t i = 0; i < times.size(); ++i) m[i] = static_cast<std::uint64_t>(times[i]);
  encode_integers({m.data(), times.size()}, Effort::kThorough, scratch, out);
}

Status decode_times(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                    std::int64_t* out) {
  ByteReader in(bytes);
  // An integer and its unsigned twin may alias.
  Status status = decode_integers(in, rows, from, to, reinterpret_cast<std::uint64_t*>(out));
  if (!status.ok()) return status.with_prefix("time column");
  bool ascending = true;
  for (std::size_t i = 1; i < to - from; ++i) ascending &= out[i - 1] < out[i];
  if (!ascending) return invalid_data("time column: times do not ascend");
  return {};
}

}  // namespace narthex::storage::column
