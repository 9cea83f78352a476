// SPDX-License-Identifier: Apache-2.0
// tombstones.cpp - the input is the body of a tombstone file, whose head is made to fit, or all of
// it. What can be read is well-formed, and comes back from being written again.
#include "storage/checksum/crc32c.hpp"
#include "storage/bytes/bytes.hpp"
#include "storage/partition/tombstones.hpp"

#include <cstdlib>

namespace narthex::storage::partition {
namespace {

void check(std::span<const std::uint8_t> file) {
  const auto read = Tombstones::decode(file);
  if (!read) return;
  const std::vector<std::uint8_t> written = read->encode();
  const auto again = Tombstones::decode(written);
  if (!again || again->encode() != written) std::abort();
  if (again->series_count() != read->series_count()) std::abort();
  for (const std::uint32_t ordinal : {0u, 1u, 2u, 100u, UINT32_MAX}) {
    const auto ranges = read->of(ordinal);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i].min_t > ranges[i].max_t) std::abort();
      if (i > 0 && ranges[i - 1].max_t >= ranges[i].min_t - 1) std::abort();
      if (!is_deleted(ranges, ranges[i].min_t) || !is_deleted(ranges, ranges[i].max_t)) {
        std::abort();
      }
    }
  }
}

void run(std::span<const std::uint8_t> input) {
  check(input);
  Bytes file = Tombstones().encode();
  file.resize(file.size() - 5);  // its checksum, and a body of no series
  put_word(file, crc32c(input));
  put_bytes(file, input);
  check(file);
}

}  // namespace
}  // namespace narthex::storage::partition

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  narthex::storage::partition::run({data, size});
  return 0;
}
