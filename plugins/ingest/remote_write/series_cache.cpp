// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/series_cache.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>

namespace narthex::ingest::remote_write {
namespace {

std::uint64_t make_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

SeriesKey hash_bytes(const void* bytes, std::size_t size, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed);
  return {hash.low64, hash.high64};
}

}  // namespace

SeriesKey key_of(std::string_view label_bytes) {
  static const std::uint64_t seed = make_seed();
  return hash_bytes(label_bytes.data(), label_bytes.size(), seed);
}

SeriesKey key_of_parts(std::span<const std::uint64_t> words) {
  static const std::uint64_t seed = make_seed();
  return hash_bytes(words.data(), words.size_bytes(), seed);
}

}  // namespace narthex::ingest::remote_write
