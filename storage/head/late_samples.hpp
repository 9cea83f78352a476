// SPDX-License-Identifier: Apache-2.0
// late_samples.hpp - the samples of a series that came after newer ones: sorted, one a time, the
// last write wins. Kept in short runs, so that an insertion moves a few hundred samples at most,
// and backfill in any order stays cheap. Guarded by the commit lock.
#pragma once

#include "storage/head/histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace narthex::storage::head {

struct LateSample {
  std::int64_t t;
  std::uint64_t bits;
  HistogramRef histogram;  // where set, the sample is a histogram
};

class LateSamples {
 public:
  void put(LateSample sample);
  // Removes min_t <= t <= max_t; returns how many samples went.
  std::size_t erase(std::int64_t min_t, std::int64_t max_t);

  // Takes in those of `older` that it has no sample at the time of.
  void put_under(LateSamples older);

  bool empty() const { return runs_.empty(); }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }
  std::int64_t first_t() const { return runs_.front().front().t; }  // REQUIRES: !empty()
  const LateSample& last() const { return runs_.back().back(); }    // REQUIRES: !empty()

  // Appends the samples in [min_t, max_t], oldest first.
  void copy(std::int64_t min_t, std::int64_t max_t, std::vector<LateSample>& out) const;
  // The newest sample in [min_t, max_t], or nullptr.
  const LateSample* newest(std::int64_t min_t, std::int64_t max_t) const;

 private:
  using Run = std::vector<LateSample>;  // never empty

  std::vector<Run> runs_;  // ascending, not overlapping
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace narthex::storage::head
