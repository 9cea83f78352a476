// SPDX-License-Identifier: Apache-2.0
// exemplars.hpp - the newest exemplars of all series, in a ring of bounded length. Its rules are
// Prometheus's: an exemplar follows its series' newest one by (time, value, labels), its labels
// have at most 128 characters, the same one again is taken in silence. Thread-safe.
#pragma once

#include "storage/head/series.hpp"

#include <narthex/storage.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace narthex::storage::head {

struct Exemplar {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  std::int64_t t = 0;
  bool has_t = false;
};

// A deep copy; t is that of the sample where the exemplar has none.
Exemplar copy_exemplar(const nx_exemplar& from, std::int64_t sample_t);

class Exemplars {
 public:
  explicit Exemplars(std::int64_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {}

  enum class Verdict { kTaken, kDuplicate, kRefused, kDisabled };
  Verdict check(const Series& series, const Exemplar& exemplar) const;
  Verdict add(const Series& series, Exemplar exemplar);
  void forget(std::span<Series* const> series);

  // Those of a series in [min_t, max_t], oldest first.
  std::vector<Exemplar> of(std::uint32_t series_id, std::int64_t min_t, std::int64_t max_t) const;
  // All of them, oldest first: (series id, exemplar).
  std::vector<std::pair<std::uint32_t, Exemplar>> all() const;
  bool empty() const;
  std::size_t bytes() const;
  std::size_t size() const;
  std::uint64_t appended() const;

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  struct Slot {
    Exemplar exemplar;
    std::uint32_t series = UINT32_MAX;
    std::size_t next = kNone;  // the next newer one of its series
  };
  struct Chain {
    std::size_t oldest;
    std::size_t newest;
  };
  Verdict check_locked(std::uint32_t series, const Exemplar& exemplar) const;
  void evict(std::size_t at);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<Slot> ring_;  // guarded by mutex_, as all below
  std::size_t next_ = 0;
  std::unordered_map<std::uint32_t, Chain> chains_;
  std::size_t bytes_ = 0;
  std::uint64_t appended_ = 0;
};

}  // namespace narthex::storage::head
