// SPDX-License-Identifier: Apache-2.0
#include "blocks/tombstones.hpp"

#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"

#include <algorithm>

namespace narthex::blocks {

namespace {

constexpr std::uint32_t kTombstonesMagic = 0x0130BA30;
constexpr std::size_t kTombstonesHead = 5;

}  // namespace

bool Tombstones::covers(std::uint64_t series, std::int64_t t) const {
  const std::vector<Interval>* intervals = of(series);
  if (intervals == nullptr) return false;
  return std::any_of(intervals->begin(), intervals->end(),
                     [t](const Interval& i) { return t >= i.min_t && t <= i.max_t; });
}

Result<Tombstones> Tombstones::parse(std::string_view bytes) {
  ByteReader head(bytes);
  if (head.be32() != kTombstonesMagic || head.byte() != 1 || head.failed() ||
      bytes.size() < kTombstonesHead + 4) {
    return invalid_data("not a tombstones file of version 1");
  }
  const std::string_view stones = bytes.substr(kTombstonesHead, bytes.size() - kTombstonesHead - 4);
  if (ByteReader(bytes.substr(bytes.size() - 4)).be32() != crc32c(stones)) {
    return invalid_data("checksum of the tombstones is wrong");
  }
  Tombstones out;
  ByteReader in(stones);
  while (!in.empty()) {
    const std::uint64_t series = in.uvarint();
    const std::int64_t min_t = in.varint();
    const std::int64_t max_t = in.varint();
    if (in.failed()) return invalid_data("the tombstones are cut off");
    out.add(series, {min_t, max_t});
  }
  return out;
}

std::string empty_tombstones() {
  std::string out;
  put_be32(out, kTombstonesMagic);
  out += '\1';
  put_be32(out, crc32c({}));
  return out;
}

}  // namespace narthex::blocks
