// SPDX-License-Identifier: Apache-2.0
// target_series.hpp - what one target of 1,000 series exposes over time, from a seed: 500 counters
// (two fifths of them idle), 300 gauges, 100 constants, 7 histograms of 14 series and 2 constants.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace narthex::storage::partition {

struct TargetSeries {
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by name
  std::vector<double> values;
};

// `rows` samples, 15 s apart, of each series of target number `target`.
std::vector<TargetSeries> make_target(unsigned target, std::size_t rows);

}  // namespace narthex::storage::partition
