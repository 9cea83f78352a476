// SPDX-License-Identifier: Apache-2.0
// series_cache.hpp - what receivers remember about their senders' series: the reference in the
// storage by the bytes that name the series in the protocol. A known series then costs one hash and
// one look instead of parsing, checking and resolving its labels.
//
// A key is a 128-bit SipHash-1-3 under a key drawn at random for the process: nobody can send two
// names that are taken for each other. Bounded: four places a bucket, a new key takes the place of
// an old one when all are taken; 24 bytes a series. Thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <string_view>
#include <vector>

namespace narthex::sdk {

struct SeriesKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};

// The hash of a name of several parts, fed one after the other. Each part is delimited: ("ab", "c")
// and ("a", "bc") differ. A copy goes on from the same prefix, so that what fields of one line
// share is hashed once.
class SeriesKeyBuilder {
 public:
  SeriesKeyBuilder() : SeriesKeyBuilder(process_key()) {}
  explicit SeriesKeyBuilder(SeriesKey secret)
      : v0_(secret.low ^ 0x736f6d6570736575u),
        v1_(secret.high ^ 0x646f72616e646f6du ^ 0xee),
        v2_(secret.low ^ 0x6c7967656e657261u),
        v3_(secret.high ^ 0x7465646279746573u) {}

  SeriesKeyBuilder& add(std::string_view part) {
    mix(part.size());
    const char* at = part.data();
    std::size_t left = part.size();
    for (; left >= 8; left -= 8, at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      mix(word);
    }
    if (left != 0) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, left);
      mix(word);
    }
    return *this;
  }
  SeriesKey key() const {
    SeriesKeyBuilder end = *this;
    end.v2_ ^= 0xee;
    for (int i = 0; i < 3; ++i) end.round();
    SeriesKey made;
    made.low = end.v0_ ^ end.v1_ ^ end.v2_ ^ end.v3_;
    end.v1_ ^= 0xdd;
    for (int i = 0; i < 3; ++i) end.round();
    made.high = end.v0_ ^ end.v1_ ^ end.v2_ ^ end.v3_;
    return made;
  }

 private:
  static SeriesKey process_key() {
    static const SeriesKey secret = [] {
      std::random_device device;
      const auto word = [&] { return (std::uint64_t{device()} << 32) | device(); };
      const std::uint64_t low = word();
      return SeriesKey{low, word()};
    }();
    return secret;
  }
  void mix(std::uint64_t word) {
    v3_ ^= word;
    round();
    v0_ ^= word;
  }
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

class SeriesCache {
 public:
  explicit SeriesCache(std::size_t entries_max)
      : buckets_max_(std::bit_floor(std::max<std::size_t>(entries_max / kWays, 1))) {}

  // The reference kept under a key, or 0.
  std::uint64_t find(const SeriesKey& key) const {
    const std::shared_lock lock(mutex_);
    if (buckets_.empty()) return 0;
    for (const Entry& entry : buckets_[bucket_of(key)].entries) {
      if (entry.key == key) return entry.ref;
    }
    return 0;
  }
  // REQUIRES: ref is not 0.
  void put(const SeriesKey& key, std::uint64_t ref) {
    const std::unique_lock lock(mutex_);
    if (buckets_.empty() || (buckets_.size() < buckets_max_ && used_ * 2 > buckets_.size() * kWays))
      grow();
    put_one({key, ref});
  }
  void forget(const SeriesKey& key) {
    const std::unique_lock lock(mutex_);
    if (buckets_.empty()) return;
    for (Entry& entry : buckets_[bucket_of(key)].entries) {
      if (entry.key != key || entry.ref == 0) continue;
      entry = {};
      --used_;
    }
  }
  std::size_t size() const {
    const std::shared_lock lock(mutex_);
    return used_;
  }

 private:
  static constexpr std::size_t kWays = 4;
  struct Entry {
    SeriesKey key;
    std::uint64_t ref = 0;  // 0: free
  };
  struct Bucket {
    Entry entries[kWays];
  };

  std::size_t bucket_of(const SeriesKey& key) const { return key.low & (buckets_.size() - 1); }
  void put_one(const Entry& known) {
    Bucket& bucket = buckets_[bucket_of(known.key)];
    Entry* place = nullptr;
    for (Entry& entry : bucket.entries) {
      if (entry.ref != 0 && entry.key == known.key) {
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
    *place = known;
  }
  void grow() {
    std::vector<Bucket> old(std::min(std::max<std::size_t>(buckets_.size() * 2, 16), buckets_max_));
    old.swap(buckets_);
    used_ = 0;
    for (const Bucket& bucket : old) {
      for (const Entry& entry : bucket.entries) {
        if (entry.ref != 0) put_one(entry);
      }
    }
  }

  const std::size_t buckets_max_;
  mutable std::shared_mutex mutex_;
  std::vector<Bucket> buckets_;  // a power of two; guarded by mutex_, as all below
  std::size_t used_ = 0;
  std::size_t turn_ = 0;  // which place gives way next
};

}  // namespace narthex::sdk
