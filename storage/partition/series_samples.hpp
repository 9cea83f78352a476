// SPDX-License-Identifier: Apache-2.0
// series_samples.hpp - one series with samples of it, as a table takes them and as merges pass them
// on. Views; the caller keeps what they look at.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::storage::partition {

struct Label {
  std::string_view name;
  std::string_view value;
};
// Sorted by name, names unique.
using Labels = std::span<const Label>;

// Floats and histograms are apart; the times of each ascend strictly, and no time is in both.
struct SeriesSamples {
  Labels labels;
  std::span<const std::int64_t> times;   // of the floats
  std::span<const double> values;        // as many; every bit counts
  std::span<const std::int64_t> starts;  // none, or as many: start times, 0 unknown
  std::span<const std::int64_t> histogram_times;
  std::span<const nx_histogram> histograms;        // as many
  std::span<const std::int64_t> histogram_starts;  // none, or as many

  bool empty() const { return times.empty() && histogram_times.empty(); }
};

// The order of series in a table: by the values of `job` and `instance` (a series without one comes
// first), then by labels, (name, value) pairs bytewise. So the series of one target are neighbours,
// and like ones among them. Negative, 0 or positive.
int placement_order(Labels a, Labels b);

}  // namespace narthex::storage::partition
