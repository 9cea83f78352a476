// SPDX-License-Identifier: Apache-2.0
// series.hpp - one series: who it is (constant) and its samples (guarded by the commit lock).
//
// The samples of a series are what was written in order, plus late ones:
//   in order  each newer than every sample of the series before it: rows of a group (row_group.hpp)
//             while the series is scraped with its target, else a run of its own
//   late      older than the newest when they came; they win over an equal time in order
// Histograms are kept apart from floats; the times of both together ascend.
#pragma once

#include "storage/index/identity.hpp"
#include "storage/head/chunk.hpp"
#include "storage/head/histogram.hpp"
#include "storage/head/late_samples.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::storage::head {

class RowGroup;

struct ChunkEntry {
  const Chunk* chunk;
  std::int64_t first_t;
  std::int64_t last_t;
};

// Where a series stands in a row group.
struct Membership {
  RowGroup* group = nullptr;
  std::uint32_t slot = 0;
};

// The samples of the series in rows of `group` with min_t <= t <= max_t are deleted. max_t is not
// newer than the group was at the deletion, so later rows are never hit.
struct Tombstone {
  const RowGroup* group;
  std::int64_t min_t;
  std::int64_t max_t;
};

// What most series never need.
struct SeriesExtra {
  LateSamples late;
  LateSamples frozen_late;                 // what a flush is writing; `late` holds over it
  std::uint32_t frozen_histograms = 0;     // likewise, the first ones
  std::vector<HistogramPoint> histograms;  // in order
  std::vector<Membership> more_groups;     // beside Series::home
  std::vector<Tombstone> tombstones;       // on samples in groups; others are deleted at once
  // Commits before the last one that an open querier must not see: (sequence, samples).
  std::vector<std::pair<std::uint64_t, std::uint32_t>> hidden;
  // Start times: the entry with the greatest t <= the sample's holds.
  std::vector<std::pair<std::int64_t, std::int64_t>> starts;
};

inline constexpr std::int64_t kNoTime = INT64_MIN;
inline constexpr std::uint32_t kOpenSamplesMax = 64;

// What a series has beside rows in groups. Scraped series mostly never need it.
struct OwnSamples {
  ~OwnSamples();

  std::int64_t last_t = kNoTime;  // newest sample outside groups, floats and histograms
  std::uint64_t last_bits = 0;    // its value, unless it is a histogram
  const Histogram* last_histogram = nullptr;
  std::uint64_t last_sequence = 0;  // the commit that wrote the newest float outside groups ...
  std::uint32_t last_added = 0;     // ... and how many it wrote
  std::uint8_t open_count = 0;
  std::uint8_t open_capacity = 0;
  bool counted = false;  // among Core::own_bytes
  std::unique_ptr<Sample[]> open;
  std::vector<ChunkEntry> sealed;
  std::unique_ptr<SeriesExtra> extra;

  // The journal's, guarded by the writer lock.
  std::array<std::uint64_t, 2> logged{};
};

// Stands right before its identity, as SeriesIndex sees to: there are millions, so every byte
// counts. Guarded by the commit lock but for what says otherwise.
struct Series {
  Series() = default;
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  const index::Identity& identity() const {
    return *reinterpret_cast<const index::Identity*>(this + 1);
  }
  std::uint32_t id() const { return identity().id(); }
  std::uint64_t ref() const { return std::uint64_t{id()} + 1; }
  index::Pairs pairs() const { return identity().pairs(); }

  Membership home() const { return {home_group, home_slot}; }
  void set_home(const Membership& m) {
    home_group = m.group;
    home_slot = m.slot;
  }
  std::int64_t last_t() const { return own != nullptr ? own->last_t : kNoTime; }
  std::span<const Sample> open_samples() const {
    return own != nullptr ? std::span<const Sample>(own->open.get(), own->open_count)
                          : std::span<const Sample>();
  }
  std::span<const ChunkEntry> sealed() const {
    return own != nullptr ? std::span<const ChunkEntry>(own->sealed)
                          : std::span<const ChunkEntry>();
  }
  SeriesExtra* extra() const { return own != nullptr ? own->extra.get() : nullptr; }
  OwnSamples& need_own() {
    if (own == nullptr) own = std::make_unique<OwnSamples>();
    return *own;
  }
  SeriesExtra& need_extra() {
    if (need_own().extra == nullptr) own->extra = std::make_unique<SeriesExtra>();
    return *own->extra;
  }

  std::unique_ptr<OwnSamples> own;
  RowGroup* home_group = nullptr;
  std::uint32_t home_slot : 31 = 0;
  // Newer samples than all in the head may be archived, up to Core::archived_t.
  std::uint32_t newest_unknown : 1 = 1;
  // Open tables that hold samples of it: while there are any the index keeps it. Not guarded.
  std::atomic<std::uint32_t> pins{0};
  // When it was last resolved, or written while it was empty, in seconds: the collector leaves it
  // alone a while. Not guarded.
  std::atomic<std::uint32_t> touched_s{0};

  void touch(std::int64_t now_ms) {
    touched_s.store(static_cast<std::uint32_t>(now_ms / 1000), std::memory_order_relaxed);
  }
};

// The order of NX_SCAN_SORTED.
inline bool label_order(const Series& a, const Series& b) {
  return index::label_order(a.identity(), b.identity());
}

}  // namespace narthex::storage::head
