// SPDX-License-Identifier: Apache-2.0
// protobuf.hpp - writes protobuf messages field by field, appending to a string: for what sends
// Prometheus's messages. An inner message is written into a string of its own first. Pure.
//
// Zeros are written as they are, unlike most generators do it: -0.0 must not become 0.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::sdk::protobuf {

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// The 8 bytes of a double, as in a packed array.
inline void put_fixed(std::string& out, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits);
}

// sint32 and sint64: small magnitudes become small numbers.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

inline void number(std::string& out, std::uint32_t field, std::uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}
inline void int64(std::string& out, std::uint32_t field, std::int64_t value) {
  number(out, field, static_cast<std::uint64_t>(value));
}
inline void sint64(std::string& out, std::uint32_t field, std::int64_t value) {
  number(out, field, zigzag(value));
}
inline void float64(std::string& out, std::uint32_t field, double value) {
  put_varint(out, field << 3 | 1);
  put_fixed(out, value);
}
// Texts, bytes, inner messages and packed arrays.
inline void bytes(std::string& out, std::uint32_t field, std::string_view value) {
  put_varint(out, field << 3 | 2);
  put_varint(out, value.size());
  out += value;
}

}  // namespace narthex::sdk::protobuf
