// SPDX-License-Identifier: Apache-2.0
// table_format.hpp - what writing and reading tables share: keys, limits, sealed values. Format:
// storage/docs/tables.md.
#pragma once

#include "storage/checksum/crc32c.hpp"
#include "storage/bytes/bytes.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace narthex::storage::partition {

inline constexpr std::uint8_t kTableVersion = 1;
inline constexpr std::uint32_t kSlotsMax = 1024;  // series of a group
// Groups of keys behind all groups of series.
inline constexpr std::uint32_t kIdentityGroup = 0xFFFF'FFFE;  // second word: first ordinal
inline constexpr std::uint32_t kDirectoryGroup = 0xFFFF'FFFF;
inline constexpr std::uint32_t kGroupsMax = kIdentityGroup;

// Blocks of identities end at the first of these that they reach.
inline constexpr std::uint32_t kIdentitySeries = 4096;
inline constexpr std::size_t kIdentityPairs = std::size_t{1} << 18;
inline constexpr std::size_t kIdentityBytes = std::size_t{4} << 20;
// One label set is at most this large, so that a block has a bound that readers can hold it to.
inline constexpr std::size_t kLabelSetPairsMax = std::size_t{1} << 16;
inline constexpr std::size_t kLabelSetBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kIdentityBodyMax = std::size_t{64} << 20;

// Two words, big endian, so that keys ascend as their words do.
class TableKey {
 public:
  TableKey(std::uint32_t group, std::uint32_t index) {
    for (unsigned i = 0; i < 4; ++i) {
      bytes_[i] = static_cast<char>(group >> (24 - 8 * i));
      bytes_[4 + i] = static_cast<char>(index >> (24 - 8 * i));
    }
  }
  std::string_view text() const { return {bytes_.data(), bytes_.size()}; }

  static std::uint32_t word(std::string_view key, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i)
      value = value << 8 | static_cast<std::uint8_t>(key[i]);
    return value;
  }

 private:
  std::array<char, 8> bytes_;
};

// Room for the checksum at the front of a value that is about to be written.
inline constexpr std::size_t kSealSize = 4;

inline void seal(Bytes& value) {
  const std::uint32_t crc = crc32c(ByteView(value).subspan(kSealSize));
  std::memcpy(value.data(), &crc, sizeof crc);
}

// What was sealed; none: damaged.
inline std::optional<ByteView> unseal(ByteView value) {
  if (value.size() < kSealSize) return std::nullopt;
  std::uint32_t crc = 0;
  std::memcpy(&crc, value.data(), sizeof crc);
  const ByteView content = value.subspan(kSealSize);
  if (crc32c(content) != crc) return std::nullopt;
  return content;
}

}  // namespace narthex::storage::partition
