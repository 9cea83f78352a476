// SPDX-License-Identifier: Apache-2.0
// crc32c.hpp - the Castagnoli checksum of snappy frames and of the files of groups. Bodies of
// pushes are small: a table of 256 entries is enough. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace narthex::ingest::pushgateway {

inline std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ ((c & 1) != 0 ? 0x82F63B78u : 0u);
      table[i] = c;
    }
    return table;
  }();
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

inline std::uint32_t read_little_endian_32(const char* at) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

}  // namespace narthex::ingest::pushgateway
