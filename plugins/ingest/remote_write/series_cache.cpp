// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/series_cache.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <mutex>
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

SeriesCache::SeriesCache(std::size_t entries_max)
    : buckets_max_(std::bit_floor(std::max<std::size_t>(entries_max / kWays, 1))) {}

void SeriesCache::find(std::span<const SeriesKey> keys, std::span<Found> found) const {
  constexpr std::size_t kAhead = 8;  // buckets are fetched while others are compared
  const std::shared_lock lock(mutex_);
  if (buckets_.empty()) {
    std::fill(found.begin(), found.end(), Found());
    return;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) {
      const auto* soon = reinterpret_cast<const char*>(&buckets_[bucket_of(keys[i + kAhead])]);
      __builtin_prefetch(soon);
      __builtin_prefetch(soon + 64);
    }
    found[i] = {};
    for (const Entry& entry : buckets_[bucket_of(keys[i])].entries) {
      if (entry.key == keys[i]) found[i] = {entry.ref, entry.stamp};
    }
  }
}

void SeriesCache::put(std::span<const Known> known) {
  if (known.empty()) return;
  const std::unique_lock lock(mutex_);
  while (buckets_.size() < buckets_max_ && (used_ + known.size()) * 2 > buckets_.size() * kWays) {
    grow();
  }
  for (const Known& k : known) put_one(k);
}

void SeriesCache::put_one(const Known& known) {
  Bucket& bucket = buckets_[bucket_of(known.key)];
  Entry* place = nullptr;
  for (Entry& entry : bucket.entries) {
    if (entry.key == known.key) {
      entry.ref = known.ref;
      entry.stamp = known.stamp;
      return;
    }
    if (place == nullptr && entry.ref == 0) place = &entry;
  }
  if (place == nullptr) {
    place = &bucket.entries[turn_++ % kWays];
  } else {
    ++used_;
  }
  *place = {known.key, known.ref, known.stamp};
}

void SeriesCache::grow() {
  std::vector<Bucket> old(std::min(std::max<std::size_t>(buckets_.size() * 2, 64), buckets_max_));
  old.swap(buckets_);
  used_ = 0;
  for (const Bucket& bucket : old) {
    for (const Entry& entry : bucket.entries) {
      if (entry.ref != 0) put_one({entry.key, entry.ref, entry.stamp});
    }
  }
}

std::size_t SeriesCache::bytes() const {
  const std::shared_lock lock(mutex_);
  return buckets_.capacity() * sizeof(Bucket);
}

}  // namespace narthex::ingest::remote_write
