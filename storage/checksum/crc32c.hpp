// SPDX-License-Identifier: Apache-2.0
// crc32c.hpp - the checksum of everything that storage puts on a disk: CRC-32C (Castagnoli, RFC
// 3720 appendix B.4), by the instruction of SSE 4.2 where there is one. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>

namespace narthex::storage {

// Of `bytes`; or of what `before` is the checksum of, followed by `bytes`.
std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);
// The same without the instruction.
std::uint32_t portable_crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

}  // namespace narthex::storage
