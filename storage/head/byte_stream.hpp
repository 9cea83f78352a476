// SPDX-License-Identifier: Apache-2.0
// byte_stream.hpp - reads the headers of packed columns in memory without looking where they end.
#pragma once

#include "storage/bytes/bytes.hpp"

#include <cstdint>
#include <cstring>

namespace narthex::storage::head {

// The reader trusts its bytes: they were written by this process.
inline std::uint64_t get_varint(const std::uint8_t*& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint8_t byte = *in++;
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
}

inline std::uint64_t get_word(const std::uint8_t*& in) {
  std::uint64_t value = 0;
  std::memcpy(&value, in, sizeof value);
  in += sizeof value;
  return value;
}

}  // namespace narthex::storage::head
