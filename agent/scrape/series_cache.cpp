// SPDX-License-Identifier: Apache-2.0
#include "scrape/series_cache.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <random>

namespace narthex::scrape {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// Releases what a change of a target's size left behind.
template <class T>
void clear_and_free(std::vector<T>& items) {
  std::vector<T>().swap(items);
}

}  // namespace

SeriesCache::Key SeriesCache::key_of(std::string_view text) {
  static const std::uint64_t seed = random_seed();
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
  return {hash.low64, hash.high64};
}

void SeriesCache::begin_scrape() {
  next_ = 0;
  size_before_ = size();
  in_order_ = true;
}

void SeriesCache::leave_order() {
  if (!in_order_) return;
  in_order_ = false;
  seen_.assign(size() / 64 + 1, 0);
  order_.clear();
  order_.reserve(size());
  for (std::uint32_t entry = 0; entry < next_; ++entry) {
    seen_[entry / 64] |= std::uint64_t{1} << (entry % 64);
    order_.push_back(entry);
  }
}

bool SeriesCache::mark(std::uint32_t entry) {
  if (seen_.size() <= entry / 64) seen_.resize(size() / 64 + 1, 0);
  const std::uint64_t bit = std::uint64_t{1} << (entry % 64);
  if ((seen_[entry / 64] & bit) != 0) return true;
  seen_[entry / 64] |= bit;
  order_.push_back(entry);
  return false;
}

std::uint32_t SeriesCache::find_elsewhere(const Key& wanted, bool& again) {
  leave_order();
  if (index_.empty() && size() != 0) build_index();
  if (index_.empty()) return kMiss;
  const std::size_t mask = index_.size() - 1;
  for (std::size_t slot = wanted.low & mask; index_[slot] != 0; slot = (slot + 1) & mask) {
    const std::uint32_t entry = index_[slot] - 1;
    if (keys_[entry] != wanted) continue;
    next_ = entry + 1;
    again = mark(entry);
    return entry;
  }
  return kMiss;
}

void SeriesCache::build_index() {
  index_.assign(std::bit_ceil(std::size_t{size()} * 2 + 16), 0);
  for (std::uint32_t entry = 0; entry < size(); ++entry) insert_index(entry);
}

void SeriesCache::insert_index(std::uint32_t entry) {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = keys_[entry].low & mask;
  while (index_[slot] != 0) slot = (slot + 1) & mask;
  index_[slot] = entry + 1;
}

std::uint32_t SeriesCache::add(std::string_view key, std::uint64_t ref, std::uint8_t flags) {
  leave_order();
  const std::uint32_t entry = size();
  keys_.push_back(key_of(key));
  refs_.push_back(ref);
  flags_.push_back(flags);
  dropped_ += (flags & kDropped) != 0 ? 1 : 0;
  if (index_.size() < std::size_t{size()} * 2) {
    build_index();
  } else {
    insert_index(entry);
  }
  mark(entry);
  // What follows a new series is what followed the series before it: next_ stays.
  return entry;
}

void SeriesCache::set_ref(std::uint32_t entry, std::uint64_t ref) {
  refs_[entry] = ref;
  ++version_;
}

void SeriesCache::set_flags(std::uint32_t entry, std::uint8_t flags) {
  if (((flags_[entry] ^ flags) & kDropped) != 0) {
    dropped_ += (flags & kDropped) != 0 ? 1 : -1;
    ++version_;
  }
  flags_[entry] = flags;
}

void SeriesCache::append_live(std::vector<std::uint64_t>& out) const {
  for (std::uint32_t entry = 0; entry < size(); ++entry) {
    if (tracked(entry)) out.push_back(refs_[entry]);
  }
}

void SeriesCache::end_good(std::vector<std::uint64_t>& stale) {
  if (in_order_ && complete() && orphans_.empty()) {
    live_ = true;
    return;
  }
  leave_order();
  std::vector<std::uint64_t> gone;
  gone.swap(orphans_);
  if (live_) {
    for (std::uint32_t entry = 0; entry < size_before_; ++entry) {
      const bool seen = entry / 64 < seen_.size() && (seen_[entry / 64] >> (entry % 64) & 1) != 0;
      if (!seen && tracked(entry)) gone.push_back(refs_[entry]);
    }
  }
  rebuild();
  if (!gone.empty()) {
    // The same series may be there under another text (labels in another order).
    std::vector<std::uint64_t> here(refs_);
    std::sort(here.begin(), here.end());
    std::erase_if(
        gone, [&](std::uint64_t ref) { return std::binary_search(here.begin(), here.end(), ref); });
    stale.insert(stale.end(), gone.begin(), gone.end());
  }
  live_ = true;
}

void SeriesCache::end_bad(std::vector<std::uint64_t>& stale) {
  if (size() != size_before_) truncate(size_before_);
  stale.insert(stale.end(), orphans_.begin(), orphans_.end());
  orphans_.clear();
  if (live_) append_live(stale);
  live_ = false;
  clear_and_free(seen_);
  clear_and_free(order_);
}

void SeriesCache::truncate(std::uint32_t size) {
  for (std::uint32_t entry = size; entry < this->size(); ++entry) {
    dropped_ -= (flags_[entry] & kDropped) != 0 ? 1 : 0;
  }
  keys_.resize(size);
  refs_.resize(size);
  flags_.resize(size);
  if (starts_.size() > size) starts_.resize(size);
  clear_and_free(index_);
  ++version_;
}

// Leaves exactly the entries of order_, in that order.
void SeriesCache::rebuild() {
  SeriesCache next;
  next.keys_.reserve(order_.size());
  next.refs_.reserve(order_.size());
  next.flags_.reserve(order_.size());
  for (const std::uint32_t entry : order_) {
    next.keys_.push_back(keys_[entry]);
    next.refs_.push_back(refs_[entry]);
    next.flags_.push_back(flags_[entry]);
    if (!starts_.empty()) next.starts_.push_back(entry < starts_.size() ? starts_[entry] : 0);
    next.dropped_ += (flags_[entry] & kDropped) != 0 ? 1 : 0;
  }
  next.version_ = version_ + 1;
  next.live_ = live_;
  next.next_ = next.size();
  *this = std::move(next);
}

void SeriesCache::forget_refs() {
  std::fill(refs_.begin(), refs_.end(), kUnresolved);
  ++version_;
}

void SeriesCache::forget_labels() {
  if (live_) append_live(orphans_);
  truncate(0);
  keys_.shrink_to_fit();
  live_ = false;
  next_ = 0;
  size_before_ = 0;
}

std::size_t SeriesCache::memory_bytes() const {
  return sizeof *this + keys_.capacity() * sizeof(Key) + refs_.capacity() * 8 + flags_.capacity() +
         starts_.capacity() * 8 + index_.capacity() * 4 + seen_.capacity() * 8 +
         order_.capacity() * 4 + orphans_.capacity() * 8;
}

}  // namespace narthex::scrape
