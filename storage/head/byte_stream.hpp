// SPDX-License-Identifier: Apache-2.0
// byte_stream.hpp - writing and reading the headers of packed columns: bytes, words and variable
// length integers (7 bits a byte, lowest first; signed ones zigzagged). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace narthex::storage::head {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

inline void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

inline void put_word(Bytes& out, std::uint64_t value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(out.data() + at, &value, sizeof value);
}

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
