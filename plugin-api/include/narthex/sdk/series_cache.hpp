// SPDX-License-Identifier: Apache-2.0
// series_cache.hpp - what receivers remember about their senders' series: the reference in the
// storage by the bytes that name the series in the protocol. A known series then costs one hash and
// one look instead of parsing, checking and resolving its labels.
//
// A key is a 128-bit SipHash-1-3 under a key drawn at random for the process: nobody can send two
// names that are taken for each other. (A receiver with an outside library at hand may make keys of
// another seeded 128-bit hash.) Bounded: four places a bucket, a new key takes the place of an old
// one when all are taken; 16 bytes and the value a series. Thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <span>
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

// Value: what is kept under a key, such as a reference; Value() is "nothing".
template <class Value>
class SeriesValues {
 public:
  struct Known {
    SeriesKey key;
    Value value;
  };

  explicit SeriesValues(std::size_t entries_max)
      : buckets_max_(std::bit_floor(std::max<std::size_t>(entries_max / kWays, 1))) {}

  // The value kept under a key, or Value().
  Value find(const SeriesKey& key) const {
    const std::shared_lock lock(mutex_);
    return buckets_.empty() ? Value() : find_in(buckets_[bucket_of(key)], key);
  }
  // found[i]: what is kept under keys[i]. For many keys at once: one lock, and buckets are fetched
  // while others are compared.
  void find(std::span<const SeriesKey> keys, std::span<Value> found) const {
    constexpr std::size_t kAhead = 8;
    const std::shared_lock lock(mutex_);
    if (buckets_.empty()) return std::fill(found.begin(), found.end(), Value());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i + kAhead < keys.size()) {
        const auto* soon = reinterpret_cast<const char*>(&buckets_[bucket_of(keys[i + kAhead])]);
        __builtin_prefetch(soon);
        __builtin_prefetch(soon + 64);
      }
      found[i] = find_in(buckets_[bucket_of(keys[i])], keys[i]);
    }
  }
  // REQUIRES: value is not Value().
  void put(const SeriesKey& key, const Value& value) {
    const Known known{key, value};
    put(std::span(&known, 1));
  }
  void put(std::span<const Known> known) {
    if (known.empty()) return;
    const std::unique_lock lock(mutex_);
    while (buckets_.size() < buckets_max_ && (used_ + known.size()) * 2 > buckets_.size() * kWays) {
      grow();
    }
    for (const Known& each : known) put_one(each);
  }
  void forget(const SeriesKey& key) {
    const std::unique_lock lock(mutex_);
    if (buckets_.empty()) return;
    for (Known& entry : buckets_[bucket_of(key)].entries) {
      if (entry.key != key || is_free(entry)) continue;
      entry = {};
      --used_;
    }
  }
  std::size_t size() const {
    const std::shared_lock lock(mutex_);
    return used_;
  }
  std::size_t bytes() const {
    const std::shared_lock lock(mutex_);
    return buckets_.capacity() * sizeof(Bucket);
  }

 private:
  static constexpr std::size_t kWays = 4;
  struct Bucket {
    Known entries[kWays];
  };

  static bool is_free(const Known& entry) { return entry.value == Value(); }
  static Value find_in(const Bucket& bucket, const SeriesKey& key) {
    for (const Known& entry : bucket.entries) {
      if (entry.key == key) return entry.value;
    }
    return Value();
  }
  std::size_t bucket_of(const SeriesKey& key) const { return key.low & (buckets_.size() - 1); }
  void put_one(const Known& known) {
    Known* place = nullptr;
    Bucket& bucket = buckets_[bucket_of(known.key)];
    for (Known& entry : bucket.entries) {
      const bool free = is_free(entry);
      if (!free && entry.key == known.key) {
        entry.value = known.value;
        return;
      }
      if (place == nullptr && free) place = &entry;
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
      for (const Known& entry : bucket.entries) {
        if (!is_free(entry)) put_one(entry);
      }
    }
  }

  const std::size_t buckets_max_;
  mutable std::shared_mutex mutex_;
  std::vector<Bucket> buckets_;  // a power of two; guarded by mutex_, as all below
  std::size_t used_ = 0;
  std::size_t turn_ = 0;  // which place gives way next
};

// References in the storage.
using SeriesCache = SeriesValues<std::uint64_t>;

}  // namespace narthex::sdk
