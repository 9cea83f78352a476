// SPDX-License-Identifier: Apache-2.0
// messages.hpp - annotations that several functions make, worded as Prometheus does. The host puts
// the metric name behind them.
#pragma once

#include "plugins/function/promql/histogram.hpp"

#include <string_view>

namespace narthex::function_promql {

inline constexpr std::string_view kMixedSamples =
    "encountered a mix of histograms and floats for metric name";
inline constexpr std::string_view kNotCounter = "this native histogram metric is not a counter:";
inline constexpr std::string_view kNotGauge = "this native histogram metric is not a gauge:";
inline constexpr std::string_view kIgnored =
    "ignored histograms in a range containing both floats and histograms for metric name";

// REQUIRES: fit != Fit::kOk.
inline std::string_view text_of(Fit fit) {
  return fit == Fit::kMixedSchemas
             ? "vector contains a mix of histograms with exponential and custom buckets schemas "
               "for metric name"
             : "vector contains histograms with incompatible custom buckets for metric name";
}

}  // namespace narthex::function_promql
