// SPDX-License-Identifier: Apache-2.0
// histogram_resets.hpp - where the counter that a series of histograms is began anew. A pair of
// samples stands in many windows; whether there is a reset between is found once. One thread.
#pragma once

#include "plugins/function/promql/histogram.hpp"

#include <narthex/sdk/function.hpp>

#include <cstdint>
#include <vector>

namespace narthex::function_promql {

class HistogramResets {
 public:
  // Looks through the samples of a series. REQUIRES: in.hlo is set.
  void find(const nx_window_in& in, std::uint32_t series) {
    const std::uint64_t at = std::uint64_t{series} * in.step_count;
    first_ = in.hlo[at];
    const std::uint32_t last = in.hhi[at + in.step_count - 1];
    resets_.assign(last > first_ ? last - first_ : 0, 0);
    for (std::uint32_t k = first_ + 1; k < last; ++k) {
      resets_[k - first_] = detect_reset(*in.h[k], *in.h[k - 1], scratch_) ? 1 : 0;
    }
  }
  // Between samples k - 1 and k of the windows.
  bool before(std::uint32_t k) const { return resets_[k - first_] != 0; }

 private:
  std::uint32_t first_ = 0;
  std::vector<std::uint8_t> resets_;  // [k - first_]
  FloatHistogram scratch_[2];
};

}  // namespace narthex::function_promql
