// SPDX-License-Identifier: Apache-2.0
// page_cache.hpp - pages that were read lately, with their time columns decoded; bounded, the least
// recently used goes first. Thread-safe.
#pragma once

#include "storage/partition/table.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace narthex::storage::tsdb {

// Immutable. times[c] is column c of the page, decoded.
struct CachedPage {
  std::shared_ptr<const partition::TablePage> page;
  std::vector<std::vector<std::int64_t>> times;
  std::size_t bytes = 0;
};

class PageCache {
 public:
  explicit PageCache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // `number` is the table's own among all that were ever open.
  fs::Result<std::shared_ptr<const CachedPage>> get(std::uint64_t number,
                                                    const partition::Table& table,
                                                    std::uint32_t group, std::uint32_t chunk);
  // Forgets the pages of a table that goes.
  void forget(std::uint64_t number);
  std::size_t bytes() const;

 private:
  struct Key {
    std::uint64_t number;
    std::uint32_t group;
    std::uint32_t chunk;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    std::shared_ptr<const CachedPage> page;
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const CachedPage> find(const Key& key);
  void keep(const Key& key, std::shared_ptr<const CachedPage> page);

  const std::uint64_t bytes_max_;
  mutable std::mutex mutex_;
  Entries entries_;  // the most recently used first; guarded by mutex_, as all below
  std::unordered_map<Key, Entries::iterator, Hash> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace narthex::storage::tsdb
