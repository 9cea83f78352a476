// SPDX-License-Identifier: Apache-2.0
// slot_set.hpp - which of the slots of a row: all, a bit each, or a list of the few; and lists of
// refs, in which neighbours cost nothing. Pure.
#pragma once

#include "storage/bytes/bytes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::wal {

enum class SetForm : std::uint8_t { kAll = 0, kBitmap = 1, kList = 2 };

constexpr std::size_t words_of(std::size_t slots) { return (slots + 63) / 64; }
// The bits of the last word that stand for slots, or all.
constexpr std::uint64_t last_mask(std::size_t slots) {
  return slots % 64 == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << slots % 64) - 1;
}

std::size_t count_bits(std::span<const std::uint64_t> words);
// The shortest form for `members` of `slots`, but for kAll.
SetForm form_of(std::size_t members, std::size_t slots);

void put_set(Bytes& out, SetForm form, std::span<const std::uint64_t> words, std::size_t slots);
// Sets the words, words_of(slots) of them. False when it is no such set.
bool read_set(ByteReader& in, SetForm form, std::size_t slots, std::vector<std::uint64_t>& words);

// Refs in their order, without their count.
void put_refs(Bytes& out, std::span<const std::uint32_t> refs);
// REQUIRES: the caller has bounded the count.
bool read_refs(ByteReader& in, std::size_t count, std::vector<std::uint32_t>& refs);

}  // namespace narthex::storage::wal
