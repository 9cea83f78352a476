// SPDX-License-Identifier: Apache-2.0
// bit_pack.hpp - unsigned integers of one width, packed without gaps, little endian.
//
// Widths up to kWidthMax are read and written with one unaligned 8-byte access, so every buffer
// needs kSlack bytes behind the packed ones. Pure functions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace narthex::storage::head {

static_assert(std::endian::native == std::endian::little, "packed columns are read in place");

inline constexpr unsigned kWidthMax = 56;  // 7 bits of offset + 56 fit in 64
inline constexpr std::size_t kSlack = 8;

constexpr std::size_t packed_size(std::size_t count, unsigned width) {
  return (count * width + 7) / 8;
}

constexpr unsigned bit_width_of(std::uint64_t value) {
  return static_cast<unsigned>(std::bit_width(value));
}

// Writes value at bit position `bit` of zeroed memory.
inline void put_bits(std::uint8_t* base, std::size_t bit, std::uint64_t value) {
  std::uint64_t word = 0;
  std::memcpy(&word, base + bit / 8, sizeof word);
  word |= value << (bit % 8);
  std::memcpy(base + bit / 8, &word, sizeof word);
}

// Reads `width` bits at bit position `bit`. REQUIRES: width <= kWidthMax.
inline std::uint64_t get_bits(const std::uint8_t* base, std::size_t bit, std::uint64_t mask) {
  std::uint64_t word = 0;
  std::memcpy(&word, base + bit / 8, sizeof word);
  return (word >> (bit % 8)) & mask;
}

constexpr std::uint64_t mask_of(unsigned width) { return (std::uint64_t{1} << width) - 1; }

}  // namespace narthex::storage::head
