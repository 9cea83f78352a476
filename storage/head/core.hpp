// SPDX-License-Identifier: Apache-2.0
// core.hpp - what the parts of a head share: the index, the commit lock and what it
// guards, the limits and the figures.
//
// Locks, in this order: upkeep_mutex, writer_mutex, commit_mutex, then the index's, then those of
// exemplars and metadata, then the epochs'. Writers are serialised by writer_mutex, under which
// they are logged, and store under commit_mutex (README.md has what that costs); readers take that
// to copy what is not immutable, in slices.
#pragma once

#include "storage/head/archive.hpp"
#include "storage/head/cohorts.hpp"
#include "storage/index/epochs.hpp"
#include "storage/head/exemplars.hpp"
#include "storage/head/journal.hpp"
#include "storage/head/metadata.hpp"
#include "storage/head/series_index.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace narthex::storage::head {

// What happened since the start. Guarded by the commit lock.
struct Figures {
  std::uint64_t samples_appended = 0;
  std::uint64_t histograms_appended = 0;
  std::uint64_t late_samples = 0;
  std::uint64_t refused[NX_ROW_CODE_COUNT] = {};
  std::uint64_t samples_dropped = 0;  // to stay within max_bytes
  std::uint64_t samples_expired = 0;  // older than the retention
  std::uint64_t commits = 0;
  std::uint64_t chunks = 0;  // sealed ones, held now
};

// What writing counts up. Core's is guarded by the commit lock; a SeriesWriter may count into
// another one, which is added later.
struct Tallies {
  Figures figures;
  std::int64_t data_bytes = 0;  // samples of all kinds: what a flush gives back
  std::int64_t own_bytes = 0;   // what series need to have any, beside rows in groups
  std::int64_t min_t = INT64_MAX;
  std::int64_t max_t = INT64_MIN;
};

struct Limits {
  std::uint64_t max_bytes = UINT64_MAX;
  std::int64_t max_exemplars = 100'000;
};

struct Core : Tallies {
  Core(Limits limits, std::function<std::int64_t()> clock_ms)
      : now_ms(std::move(clock_ms)),
        max_bytes(limits.max_bytes),
        index(epochs),
        exemplars(limits.max_exemplars) {}

  const std::function<std::int64_t()> now_ms;
  std::atomic<std::uint64_t> max_bytes;
  std::atomic<std::int64_t> max_age_ms{std::int64_t{15} * 24 * 3600 * 1000};  // 0: unlimited

  index::Epochs epochs;
  std::mutex upkeep_mutex;  // before all others: one upkeep at a time
  std::mutex writer_mutex;  // one commit at a time, also while it is logged
  std::mutex commit_mutex;  // never held while a disk is waited for
  SeriesIndex index;
  Exemplars exemplars;
  Metadata metadata;
  // Set before the first use, or while the writer lock is held. Neither is owned; null: none.
  Journal* journal = nullptr;
  Archive* archive = nullptr;
  // Called without locks when the memory is used up; false: it still is.
  std::function<bool()> make_room;

  // -- guarded by commit_mutex, as the tallies are --
  std::uint64_t sequence = 0;                   // of the last commit
  std::vector<std::uint64_t> reader_sequences;  // of open queriers
  Cohorts cohorts;
  std::int64_t archived_t = INT64_MIN;  // nothing newer has left the head

  // REQUIRES: commit_mutex. Commits after it are hidden from some open querier.
  std::uint64_t oldest_reader() const {
    const auto oldest = std::min_element(reader_sequences.begin(), reader_sequences.end());
    return oldest == reader_sequences.end() ? sequence : *oldest;
  }
  // What a writer has counted elsewhere. REQUIRES: commit_mutex.
  void add(const Tallies& other);
  // REQUIRES: commit_mutex.
  std::uint64_t used_bytes() const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(data_bytes + own_bytes, 0)) +
           index.bytes() + exemplars.bytes() + metadata.bytes();
  }
};

inline void Core::add(const Tallies& other) {
  figures.samples_appended += other.figures.samples_appended;
  figures.histograms_appended += other.figures.histograms_appended;
  figures.late_samples += other.figures.late_samples;
  figures.chunks += other.figures.chunks;
  data_bytes += other.data_bytes;
  own_bytes += other.own_bytes;
  min_t = std::min(min_t, other.min_t);
  max_t = std::max(max_t, other.max_t);
}

// Whether its memory is used up. Takes the commit lock.
inline bool over_limit(Core& core) {
  const std::lock_guard lock(core.commit_mutex);
  return core.used_bytes() > core.max_bytes;
}

}  // namespace narthex::storage::head
