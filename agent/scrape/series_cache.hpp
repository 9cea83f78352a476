// SPDX-License-Identifier: Apache-2.0
// series_cache.hpp - what one target exposed last time: a hash of the text of each series and its
// reference in the storage, in the order of the body.
//
// Targets expose the same series in the same order nearly always. So a lookup compares with the
// series expected next, and an unchanged scrape costs one hash a series: no table, no writes. Only
// after the first surprise a hash table is made, and every scrape that surprised leaves the cache
// in the order and with the series of that scrape. 25 bytes a series: texts are not kept. Two of
// them are told apart by 128 bits of XXH3 with a seed that no target knows.
//
// Not thread-safe: used by the loop's worker stage, one call at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::scrape {

class SeriesCache {
 public:
  static constexpr std::uint32_t kMiss = UINT32_MAX;
  static constexpr std::uint64_t kUnresolved = 0;

  // What is known beside the reference.
  enum Flags : std::uint8_t {
    kDropped = 1,    // by metric relabeling: no reference
    kUntracked = 2,  // its last sample had a time of its own: gets no staleness marker
  };

  void begin_scrape();

  // The entry of a key, counted as seen; kMiss when there is none. `again` tells that this scrape
  // had it before.
  std::uint32_t find(std::string_view key, bool& again) {
    again = false;
    if (next_ < size()) {
      const Key wanted = key_of(key);
      if (keys_[next_] == wanted) {
        const std::uint32_t found = next_++;
        if (!in_order_) again = mark(found);
        return found;
      }
      return find_elsewhere(wanted, again);
    }
    return find_elsewhere(key_of(key), again);
  }
  // REQUIRES: find(key) just missed.
  std::uint32_t add(std::string_view key, std::uint64_t ref, std::uint8_t flags);

  std::uint64_t ref(std::uint32_t entry) const { return refs_[entry]; }
  void set_ref(std::uint32_t entry, std::uint64_t ref);
  std::uint8_t flags(std::uint32_t entry) const { return flags_[entry]; }
  void set_flags(std::uint32_t entry, std::uint8_t flags);
  // Whether its counting began at another time than at the last call; remembers it. Costs memory
  // (8 bytes a series) only once it is called.
  bool start_changes(std::uint32_t entry, std::int64_t start_ms) {
    if (starts_.size() < size()) starts_.resize(size(), 0);
    return std::exchange(starts_[entry], start_ms) != start_ms;
  }
  // What was remembered has not been stored.
  void forget_starts() { starts_.clear(); }

  // The scrape was good: appends the references of series that are gone to `stale`, forgets what
  // was not seen, and puts the rest into this scrape's order.
  void end_good(std::vector<std::uint64_t>& stale);
  // It was not: what this scrape added is forgotten, everything that was live is stale. The entries
  // stay, since the target will be back.
  void end_bad(std::vector<std::uint64_t>& stale);
  // References do not mean anything any more (the storage forgot them): resolve again.
  void forget_refs();
  // Labels would come out differently now. The series known so far become stale with the next good
  // scrape unless it has them.
  void forget_labels();

  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }
  // True as long as this scrape found every entry so far in the expected order.
  bool in_order() const { return in_order_; }
  bool complete() const { return next_ == size(); }
  // Changes whenever the sequence of references may have changed.
  std::uint64_t version() const { return version_; }
  bool has_dropped() const { return dropped_ != 0; }
  std::size_t memory_bytes() const;

 private:
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Key&) const = default;
  };
  static Key key_of(std::string_view text);
  bool tracked(std::uint32_t entry) const {
    return (flags_[entry] & (kDropped | kUntracked)) == 0 && refs_[entry] != kUnresolved;
  }
  // True: it was marked already. Appends it to this scrape's order otherwise.
  bool mark(std::uint32_t entry);
  std::uint32_t find_elsewhere(const Key& key, bool& again);
  void leave_order();
  void build_index();
  void insert_index(std::uint32_t entry);
  void truncate(std::uint32_t size);
  void rebuild();
  void append_live(std::vector<std::uint64_t>& out) const;

  std::vector<Key> keys_;
  std::vector<std::uint64_t> refs_;
  std::vector<std::uint8_t> flags_;
  std::vector<std::int64_t> starts_;    // empty until somebody asks
  std::vector<std::uint32_t> index_;    // entry + 1 by hash; empty until the first surprise
  std::vector<std::uint64_t> orphans_;  // live, but not under any key of the cache
  std::uint64_t version_ = 0;
  std::uint32_t dropped_ = 0;
  bool live_ = false;  // the last scrape was good: its series have no marker yet

  // Of the running scrape.
  std::uint32_t next_ = 0;
  std::uint32_t size_before_ = 0;
  bool in_order_ = true;
  std::vector<std::uint64_t> seen_;   // a bit an entry, once out of order
  std::vector<std::uint32_t> order_;  // entries as they came, once out of order
};

}  // namespace narthex::scrape
