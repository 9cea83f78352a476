// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table_frame.hpp"

#include "storage/bytes/bytes.hpp"

#include <array>

namespace narthex::storage::partition {
namespace {

constexpr std::uint64_t kMagic = 0xdb4775248b80fb57;  // the last 8 bytes of every LevelDB table

struct BlockPlace {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // without the trailer
};

// False: it does not end `room` bytes into the file, or before.
bool read_place(ByteReader& in, std::uint64_t room, BlockPlace& place) {
  place.offset = in.varint();
  place.size = in.varint();
  return in.ok() && room >= kBlockTrailerSize && place.offset <= room - kBlockTrailerSize &&
         place.size <= room - kBlockTrailerSize - place.offset;
}

// Entries (shared, own, value sizes; key; value), then the words of the restarts and their count.
bool index_is_sound(ByteView block, std::uint64_t room) {
  if (block.size() < 4) return false;
  std::uint32_t restarts = 0;
  std::memcpy(&restarts, block.data() + block.size() - 4, sizeof restarts);
  if (restarts > (block.size() - 4) / 4) return false;
  ByteReader in(block.first(block.size() - 4 - std::size_t{4} * restarts));
  while (in.left() != 0) {
    in.varint();
    const std::uint64_t own = in.varint();
    const std::uint64_t value_size = in.varint();
    in.bytes(own);
    ByteReader value(in.bytes(value_size));
    BlockPlace place;
    if (!in.ok() || !read_place(value, room, place)) return false;
  }
  return true;
}

}  // namespace

fs::Status check_frame(const fs::ReadableFile& file, const std::string& path) {
  const fs::Status bad(EBADMSG, "read the frame of table", path);
  const auto size = file.size();
  if (!size.ok()) return size.status();
  if (*size < kFooterSize) return bad;
  std::array<std::uint8_t, kFooterSize> footer;
  const std::uint64_t room = *size - kFooterSize;
  auto read = file.read_at(room, footer);
  if (!read.ok()) return read.status();
  std::uint64_t magic = 0;
  std::memcpy(&magic, footer.data() + kFooterSize - sizeof magic, sizeof magic);
  ByteReader in(footer);
  BlockPlace meta;
  BlockPlace index;
  const bool placed = read_place(in, room, meta) && read_place(in, room, index);
  if (*read != kFooterSize || magic != kMagic || !placed) return bad;
  Bytes block(static_cast<std::size_t>(index.size));
  read = file.read_at(index.offset, block);
  if (!read.ok()) return read.status();
  return *read == block.size() && index_is_sound(block, room) ? fs::Status() : bad;
}

}  // namespace narthex::storage::partition
