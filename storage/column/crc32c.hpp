// SPDX-License-Identifier: Apache-2.0
// crc32c.hpp - the checksum of pages: CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the
// instruction of SSE 4.2 where there is one. Pure, thread-safe.
#pragma once

#include "storage/column/bytes.hpp"

namespace narthex::storage::column {

std::uint32_t crc32c(ByteView bytes);
// The same without the instruction.
std::uint32_t portable_crc32c(ByteView bytes);

}  // namespace narthex::storage::column
