// SPDX-License-Identifier: Apache-2.0
// series_cache.hpp - the references of series by the bytes that name them in requests, so that a
// known series costs one hash and one look instead of parsing, checking and resolving its labels.
//
// A key is a seeded 128-bit hash of those bytes: two label sets with one key would have to be found
// without knowing the seed. Bounded: four places a bucket, a new key takes the place of an old one
// when all are taken. Thread-safe; a request locks it once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

struct SeriesKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};
SeriesKey key_of(std::string_view label_bytes);
// The key of what is named by several keys in their order, as the words of these; never that of
// plain bytes.
SeriesKey key_of_parts(std::span<const std::uint64_t> words);

class SeriesCache {
 public:
  explicit SeriesCache(std::size_t entries_max);

  struct Known {
    SeriesKey key;
    std::uint64_t ref;
    std::uint64_t stamp = 0;  // of the metadata that was last kept for it
  };
  struct Found {
    std::uint64_t ref = 0;  // 0: not known
    std::uint64_t stamp = 0;
  };
  // found[i]: what is kept under keys[i].
  void find(std::span<const SeriesKey> keys, std::span<Found> found) const;
  void put(std::span<const Known> known);
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kWays = 4;
  struct Entry {
    SeriesKey key;
    std::uint64_t ref = 0;
    std::uint64_t stamp = 0;
  };
  struct alignas(64) Bucket {
    Entry entries[kWays];
  };
  std::size_t bucket_of(const SeriesKey& key) const { return key.low & (buckets_.size() - 1); }
  void put_one(const Known& known);
  void grow();

  const std::size_t buckets_max_;
  mutable std::shared_mutex mutex_;
  std::vector<Bucket> buckets_;  // a power of two; guarded by mutex_, as all below
  std::size_t used_ = 0;
  std::size_t turn_ = 0;  // which place gives way next
};

}  // namespace narthex::ingest::remote_write
