// SPDX-License-Identifier: Apache-2.0
// extended_histograms.hpp - rate, increase and delta of native histograms over anchored and
// smoothed windows, as Prometheus has them since 3.13: what extended_growth.hpp does with floats,
// bucket by bucket. One thread.
#pragma once

#include "plugins/function/promql/histogram_resets.hpp"
#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>

#include <cstdint>

namespace narthex::function_promql {

class ExtendedHistograms {
 public:
  // REQUIRES: in.hlo is set, in.flags has NX_WINDOW_ANCHORED or NX_WINDOW_SMOOTHED.
  ExtendedHistograms(const sdk::FunctionContext& context, const nx_window_in& in, Growth growth)
      : context_(context),
        in_(in),
        growth_(growth),
        smoothed_((in.flags & NX_WINDOW_SMOOTHED) != 0) {}

  // Before its windows.
  void begin_series(std::uint32_t series);
  // Puts the result of a window of histograms alone, where it has one.
  void evaluate(std::uint32_t step);

 private:
  bool is_counter() const { return growth_ != Growth::kDelta; }
  bool fail(Fit why) const;
  bool is_of_one_kind(std::uint32_t lo, std::uint32_t last) const;
  bool value_at(std::uint32_t before, std::int64_t t_ms, FloatHistogram& out);
  bool grow(std::uint32_t lo, std::uint32_t last, std::int64_t start_ms, std::int64_t end_ms);
  bool make_up_for_resets(std::uint32_t lo, std::uint32_t last, std::int64_t start_ms);
  bool make_up_for(const nx_histogram& lost);

  const sdk::FunctionContext& context_;
  const nx_window_in& in_;
  const Growth growth_;
  const bool smoothed_;
  std::uint32_t series_ = 0;
  HistogramResets resets_;  // of a counter
  bool has_lost_ = false;
  FloatHistogram left_, right_, lost_, sum_, other_;
  FloatHistogram scratch_[2];
};

}  // namespace narthex::function_promql
