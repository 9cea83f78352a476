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

}  // namespace

SeriesKey key_of(std::string_view label_bytes) {
  static const std::uint64_t seed = make_seed();
  const XXH128_hash_t hash = XXH3_128bits_withSeed(label_bytes.data(), label_bytes.size(), seed);
  return {hash.low64, hash.high64};
}

SeriesCache::SeriesCache(std::size_t entries_max)
    : buckets_max_(std::bit_floor(std::max<std::size_t>(entries_max / kWays, 1))) {}

void SeriesCache::find(std::span<const SeriesKey> keys, std::span<std::uint64_t> refs) const {
  constexpr std::size_t kAhead = 8;  // buckets are fetched while others are compared
  const std::shared_lock lock(mutex_);
  if (buckets_.empty()) {
    std::fill(refs.begin(), refs.end(), 0);
    return;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) {
      const auto* soon = reinterpret_cast<const char*>(&buckets_[bucket_of(keys[i + kAhead])]);
      __builtin_prefetch(soon);
      __builtin_prefetch(soon + 64);
    }
    refs[i] = 0;
    for (const Entry& entry : buckets_[bucket_of(keys[i])].entries) {
      if (entry.key == keys[i]) refs[i] = entry.ref;
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
      return;
    }
    if (place == nullptr && entry.ref == 0) place = &entry;
  }
  if (place == nullptr) {
    place = &bucket.entries[turn_++ % kWays];
  } else {
    ++used_;
  }
  *place = {known.key, known.ref};
}

void SeriesCache::grow() {
  std::vector<Bucket> old(std::min(std::max<std::size_t>(buckets_.size() * 2, 64), buckets_max_));
  old.swap(buckets_);
  used_ = 0;
  for (const Bucket& bucket : old) {
    for (const Entry& entry : bucket.entries) {
      if (entry.ref != 0) put_one({entry.key, entry.ref});
    }
  }
}

std::size_t SeriesCache::bytes() const {
  const std::shared_lock lock(mutex_);
  return buckets_.capacity() * sizeof(Bucket);
}

}  // namespace narthex::ingest::remote_write
