// SPDX-License-Identifier: Apache-2.0
// crc32c.hpp - CRC-32 with the Castagnoli polynomial, the checksum of every file format of
// Prometheus. Pure; uses the processor's instruction where there is one.
#pragma once

#include <cstdint>
#include <string_view>

namespace narthex::blocks {

// Of `bytes`, continuing `before` (0: the beginning).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// The same by table, whatever the processor.
std::uint32_t table_crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace narthex::blocks
