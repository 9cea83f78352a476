// SPDX-License-Identifier: Apache-2.0
// series_cache.hpp - what receivers remember about their senders' series: the reference in the
// storage by the bytes that name the series in the protocol. A known series then costs one hash and
// one look instead of parsing, checking and resolving its labels.
//
// A key is a 128-bit SipHash-1-3 under a key drawn at random for the process: nobody can send two
// names that are taken for each other. (A receiver with an outside library at hand may make keys of
// another seeded 128-bit hash.) 120 bits of it are compared.
//
// Bounded, and no larger than what is asked for: before the table grows, series are forgotten that
// were not asked for while the others were some 16 to 32 times. Each key has two buckets of four
// places, so that hardly one in some thousands is lost while five eighths of the places are taken,
// at which the table grows; 16 bytes and the value a place. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
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
      : buckets_max_(std::bit_ceil(std::max<std::size_t>(entries_max / kWays, 1))) {}

  // The value kept under a key, or Value().
  Value find(const SeriesKey& key) {
    Value found{};
    find(std::span(&key, 1), std::span(&found, 1));
    return found;
  }
  // found[i]: what is kept under keys[i]. For many keys at once: one lock, and buckets are fetched
  // while others are compared.
  void find(std::span<const SeriesKey> keys, std::span<Value> found) {
    constexpr std::size_t kAhead = 8;
    const std::shared_lock lock(mutex_);
    if (buckets_.empty()) return std::fill(found.begin(), found.end(), Value());
    asked_.fetch_add(keys.size(), std::memory_order_relaxed);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i + kAhead < keys.size()) {
        const auto* soon = reinterpret_cast<const char*>(&first_bucket(keys[i + kAhead]));
        __builtin_prefetch(soon);
        __builtin_prefetch(soon + 64);
      }
      Entry* const entry = entry_of(keys[i]);
      found[i] = entry == nullptr ? Value() : entry->value;
      if (entry != nullptr) mark_asked(*entry);
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
    turn_round();
    while (buckets_.size() < buckets_max_ && is_full(used_ + known.size())) {
      if (swept_ == round_ || !forget_old()) grow();
    }
    for (const Known& each : known) put_one(each);
  }
  void forget(const SeriesKey& key) {
    const std::unique_lock lock(mutex_);
    Entry* const entry = buckets_.empty() ? nullptr : entry_of(key);
    if (entry == nullptr) return;
    *entry = {};
    --used_;
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
  static constexpr std::size_t kAskedARound = 16;  // times the series that there are
  static constexpr std::size_t kRoundSeries = 1024;
  static constexpr unsigned kRoundShift = 56;
  struct Entry {
    std::uint64_t low = 0;
    std::uint64_t high = 0;  // of the key; its highest byte is the round it was last asked for in
    Value value{};
  };
  struct Bucket {
    Entry entries[kWays];
  };

  static bool is_free(const Entry& entry) { return entry.value == Value(); }
  // Who finds an entry may mark it while others read it.
  static std::uint64_t high_of(const Entry& entry) {
    return std::atomic_ref(const_cast<Entry&>(entry).high).load(std::memory_order_relaxed);
  }
  static std::uint8_t round_of(const Entry& entry) {
    return static_cast<std::uint8_t>(high_of(entry) >> kRoundShift);
  }
  void mark_asked(Entry& entry) const {
    if (round_of(entry) == round_) return;
    const std::uint64_t marked = marked_high(high_of(entry));
    std::atomic_ref(entry.high).store(marked, std::memory_order_relaxed);
  }
  std::uint64_t marked_high(std::uint64_t high) const {
    return (high << 8 >> 8) | std::uint64_t{round_} << kRoundShift;
  }
  unsigned rounds_ago(const Entry& entry) const {
    return static_cast<std::uint8_t>(round_ - round_of(entry));
  }

  Bucket& first_bucket(const SeriesKey& key) { return buckets_[key.low & (buckets_.size() - 1)]; }
  Bucket& second_bucket(const SeriesKey& key) { return buckets_[key.high & (buckets_.size() - 1)]; }
  Entry* entry_in(Bucket& bucket, const SeriesKey& key) {
    for (Entry& entry : bucket.entries) {
      const bool same = entry.low == key.low && (high_of(entry) ^ key.high) << 8 == 0;
      if (same && !is_free(entry)) return &entry;
    }
    return nullptr;
  }
  Entry* entry_of(const SeriesKey& key) {
    Entry* const first = entry_in(first_bucket(key), key);
    return first != nullptr ? first : entry_in(second_bucket(key), key);
  }
  static Entry* free_place(Bucket& bucket) {
    for (Entry& entry : bucket.entries) {
      if (is_free(entry)) return &entry;
    }
    return nullptr;
  }
  // Moves an entry of a full bucket to its other one, if one can be. Null: none.
  Entry* cleared_place(Bucket& bucket) {
    for (Entry& entry : bucket.entries) {
      const SeriesKey key{entry.low, entry.high};
      Bucket& first = first_bucket(key);
      Entry* const free = free_place(&first == &bucket ? second_bucket(key) : first);
      if (free == nullptr) continue;
      *free = entry;
      return &entry;
    }
    return nullptr;
  }
  // The one that was not asked for the longest.
  Entry& oldest(Bucket& bucket) {
    Entry* found = &bucket.entries[turn_++ % kWays];
    for (Entry& entry : bucket.entries) {
      if (rounds_ago(entry) > rounds_ago(*found)) found = &entry;
    }
    return *found;
  }

  // ---- under the lock of its own

  bool is_full(std::size_t entries) const { return entries * 8 > buckets_.size() * kWays * 5; }
  void put_one(const Known& known) {
    if (Entry* const entry = entry_of(known.key); entry != nullptr) {
      entry->value = known.value;
    } else {
      insert({known.key.low, marked_high(known.key.high), known.value});
    }
  }
  void insert(const Entry& entry) {
    const SeriesKey key{entry.low, entry.high};
    Bucket& first = first_bucket(key);
    Entry* place = free_place(first);
    if (place == nullptr) place = free_place(second_bucket(key));
    if (place == nullptr) place = cleared_place(first);
    used_ += place != nullptr ? 1 : 0;
    if (place == nullptr) place = &oldest(first);
    *place = entry;
  }
  void turn_round() {
    const std::size_t asked = asked_.load(std::memory_order_relaxed);
    if (asked < kAskedARound * std::max(used_, kRoundSeries)) return;
    asked_.store(0, std::memory_order_relaxed);
    ++round_;
  }
  // Forgets what was not asked for in this round or the last. True where that was much.
  bool forget_old() {
    swept_ = round_;
    const std::size_t before = used_;
    for (Bucket& bucket : buckets_) {
      for (Entry& entry : bucket.entries) {
        if (is_free(entry) || rounds_ago(entry) < 2) continue;
        entry = {};
        --used_;
      }
    }
    return before - used_ > before / 4;
  }
  void grow() {
    std::vector<Bucket> old(std::min(std::max<std::size_t>(buckets_.size() * 2, 16), buckets_max_));
    old.swap(buckets_);
    used_ = 0;
    for (const Bucket& bucket : old) {
      for (const Entry& entry : bucket.entries) {
        if (!is_free(entry)) insert(entry);
      }
    }
  }

  const std::size_t buckets_max_;
  mutable std::shared_mutex mutex_;
  std::vector<Bucket> buckets_;  // a power of two; guarded by mutex_, as what follows
  std::size_t used_ = 0;
  std::size_t turn_ = 0;  // which place gives way next
  std::uint8_t round_ = 2;
  std::uint8_t swept_ = 0;              // the round in which old ones were last forgotten
  std::atomic<std::size_t> asked_ = 0;  // keys, in this round
};

// References in the storage.
using SeriesCache = SeriesValues<std::uint64_t>;

}  // namespace narthex::sdk
