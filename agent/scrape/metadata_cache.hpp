// SPDX-License-Identifier: Apache-2.0
// metadata_cache.hpp - type, help and unit of the families that a target exposed at its last good
// scrape. Like targets say the same, so the lists are shared among all of them.
#pragma once

#include "scrape/view.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::scrape {

struct Family {
  std::string name, help, unit;
  std::uint32_t type = NX_TYPE_UNKNOWN;
  friend bool operator==(const Family&, const Family&) = default;
};
using FamilyList = std::shared_ptr<const std::vector<Family>>;

// Prometheus's name of an NX_TYPE_*: "counter".
std::string_view type_name(std::uint32_t type);

// For the API; a null list is an empty one.
std::vector<MetadataView> metadata_views(const FamilyList& families);

// Gives the same list for the same content. Thread-safe.
class FamilyLists {
 public:
  FamilyList intern(std::vector<Family> families);

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<const std::vector<Family>>> lists_;  // by hash
};

// Writing belongs to the loop's worker stage; list() to everybody.
class MetadataCache {
 public:
  explicit MetadataCache(FamilyLists& lists) : lists_(lists) {}

  void begin_scrape();
  // Entries in the order of the body; a family may come more than once.
  void add(std::span<const nx_metadata> entries);
  // The scrape was good. True: the list is another one now.
  bool end_good();

  FamilyList list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  void add_changed(const nx_metadata& entry);

  FamilyLists& lists_;
  mutable std::mutex mutex_;
  FamilyList list_;  // guarded by mutex_; written by the worker stage only

  // Of the running scrape: either the first next_ entries of list_ came so far, or pending_ has
  // all.
  std::size_t next_ = 0;
  bool changed_ = false;
  std::vector<Family> pending_;
  std::unordered_map<std::string, std::size_t> pending_index_;
};

}  // namespace narthex::scrape
