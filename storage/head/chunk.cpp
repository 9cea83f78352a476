// SPDX-License-Identifier: Apache-2.0
// Layout behind the head: varint least step, step width, packed steps, then the value column.
#include "storage/head/chunk.hpp"

#include "storage/head/bit_pack.hpp"
#include "storage/head/byte_stream.hpp"
#include "storage/head/value_column.hpp"

#include <algorithm>
#include <array>
#include <new>

namespace narthex::storage::head {
namespace {

// Steps wider than this are stored as whole words (width 64).
constexpr unsigned kRawWidth = 64;

void encode_times(std::span<const std::int64_t> t, Bytes& out) {
  std::array<std::uint64_t, kChunkSamplesMax> kept;
  std::uint64_t* const steps = kept.data();
  const std::int64_t* const from = t.data();
  const std::size_t count = t.size();
  std::uint64_t differs = 0;
  for (std::size_t i = 1; i < count; ++i) {
    steps[i] = static_cast<std::uint64_t>(from[i]) - static_cast<std::uint64_t>(from[i - 1]);
  }
  for (std::size_t i = 2; i < count; ++i) differs |= steps[i] ^ steps[1];
  std::uint64_t least = count > 1 ? steps[1] : 0;
  std::uint64_t most = least;
  for (std::size_t i = 1; differs != 0 && i < count; ++i) {
    least = std::min(least, steps[i]);
    most = std::max(most, steps[i]);
  }
  unsigned width = bit_width_of(most - least);
  if (width > kWidthMax) width = kRawWidth;
  put_varint(out, least);
  out.push_back(static_cast<std::uint8_t>(width));
  if (width == 0) return;
  const std::size_t at = out.size();
  out.resize(at + packed_size(t.size() - 1, width) + kSlack);
  for (std::size_t i = 1; i < t.size(); ++i) {
    put_bits(out.data() + at, (i - 1) * width, steps[i] - least);
  }
  out.resize(out.size() - kSlack);
}

// Where the values begin.
const std::uint8_t* skip_times(const std::uint8_t* in, std::size_t count) {
  (void)get_varint(in);
  const unsigned width = *in++;
  return in + packed_size(count - 1, width);
}

}  // namespace

const Chunk* Chunk::make(std::span<const Sample> samples) {
  std::array<std::int64_t, kChunkSamplesMax> t;
  std::array<std::uint64_t, kChunkSamplesMax> bits;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    t[i] = samples[i].t;
    bits[i] = samples[i].bits;
  }
  return make(std::span(t).first(samples.size()), std::span(bits).first(samples.size()));
}

const Chunk* Chunk::make(std::span<const std::int64_t> t, std::span<const std::uint64_t> bits) {
  return make_packed(t, pack(t, bits));
}

std::span<const std::uint8_t> Chunk::pack(std::span<const std::int64_t> t,
                                          std::span<const std::uint64_t> bits) {
  thread_local Bytes kept;
  Bytes& bytes = kept;  // looked up once
  bytes.clear();
  encode_times(t, bytes);
  encode_values(bits, bytes);
  bytes.resize(bytes.size() + kSlack);
  return bytes;
}

const Chunk* Chunk::make_packed(std::span<const std::int64_t> t,
                                std::span<const std::uint8_t> packed) {
  const std::size_t size = sizeof(Chunk) + packed.size();
  auto* chunk = static_cast<Chunk*>(::operator new(size));
  chunk->first_t = t.front();
  chunk->last_t = t.back();
  chunk->count = static_cast<std::uint16_t>(t.size());
  chunk->frozen = 0;
  chunk->size_bytes = static_cast<std::uint32_t>(size);
  std::memcpy(chunk + 1, packed.data(), packed.size());
  return chunk;
}

void Chunk::free(const Chunk* chunk) { ::operator delete(const_cast<Chunk*>(chunk)); }

void Chunk::times(std::int64_t* out) const {
  const std::uint8_t* in = data();
  const std::uint64_t least = get_varint(in);
  const unsigned width = *in++;
  std::uint64_t t = static_cast<std::uint64_t>(first_t);
  out[0] = first_t;
  if (width == 0) {
    for (std::size_t i = 1; i < count; ++i) out[i] = static_cast<std::int64_t>(t += least);
    return;
  }
  const std::uint64_t mask = width == kRawWidth ? UINT64_MAX : mask_of(width);
  std::size_t bit = 0;
  for (std::size_t i = 1; i < count; ++i, bit += width) {
    t += least + get_bits(in, bit, mask);
    out[i] = static_cast<std::int64_t>(t);
  }
}

void Chunk::values(std::uint64_t* out) const {
  decode_values(skip_times(data(), count), count, out);
}

}  // namespace narthex::storage::head
