// SPDX-License-Identifier: Apache-2.0
// chunk.hpp - a sealed run of float samples of one series: strictly ascending times, packed.
//
// Immutable, one allocation. Readers hold plain pointers: a chunk that is dropped goes through
// Epochs::retire and outlives every reader that could have seen it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::storage::head {

struct Sample {
  std::int64_t t;
  std::uint64_t bits;  // of the value: payloads of NaN mean something
};

// As many as are open at most: packing longer ones of what was packed before costs more than it
// saves, since a flush makes long columns of all of them.
inline constexpr std::size_t kChunkSamplesMax = 64;

struct Chunk {
  std::int64_t first_t;
  std::int64_t last_t;
  std::uint16_t count;
  mutable std::uint16_t frozen;  // a flush is writing it; guarded by the commit lock
  std::uint32_t size_bytes;      // of the whole allocation

  // REQUIRES: 1 <= samples.size() <= kChunkSamplesMax, times strictly ascending.
  static const Chunk* make(std::span<const Sample> samples);
  // Likewise. REQUIRES: as many values as times.
  static const Chunk* make(std::span<const std::int64_t> t, std::span<const std::uint64_t> bits);
  // The same in two steps: what stands behind the head, in memory that the thread keeps for the
  // next one; and the chunk, which is all that allocates.
  static std::span<const std::uint8_t> pack(std::span<const std::int64_t> t,
                                            std::span<const std::uint64_t> bits);
  static const Chunk* make_packed(std::span<const std::int64_t> t,
                                  std::span<const std::uint8_t> packed);
  static void free(const Chunk* chunk);

  // Fill `count` entries each.
  void times(std::int64_t* out) const;
  void values(std::uint64_t* out) const;

 private:
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
};

}  // namespace narthex::storage::head
