// SPDX-License-Identifier: Apache-2.0
// crc32c.hpp - CRC-32C (Castagnoli, RFC 3720 B.4): the processor's instruction where it has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::storage::wal {

// Continues `crc` (0 to begin with) over bytes. Thread-safe.
std::uint32_t crc32c(std::uint32_t crc, std::span<const std::uint8_t> bytes);

}  // namespace narthex::storage::wal
