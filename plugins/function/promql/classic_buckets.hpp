// SPDX-License-Identifier: Apache-2.0
// classic_buckets.hpp - classic histograms among the series of a vector, and estimates from the
// counts of one. Which series belong together is found once for all steps.
#pragma once

#include <narthex/function.h>
#include <narthex/sdk/function.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::function_promql {

// A bucket of a classic histogram: how many observations were at most upper.
struct ClassicBucket {
  double upper = 0;
  double count = 0;
};

// Series with the same labels but for `le`, and the native histogram with these labels.
struct HistogramSeries {
  struct Member {
    double upper = 0;
    std::uint32_t series = 0;
  };
  std::uint32_t first = 0;  // names the labels: those of this series without `le`
  bool strip_le = false;
  std::vector<Member> members;     // ascending by upper
  std::uint32_t native = NX_NONE;  // the series that may hold native histograms
};

struct HistogramVector {
  std::vector<HistogramSeries> all;
  std::vector<std::uint32_t> without_bound;  // series whose `le` is no number
};
// Throws when the query is to stop.
HistogramVector group_histograms(const sdk::FunctionContext& context, const nx_matrix& m);

// Reads a bound as Go does; false when text is none.
bool parse_bound(std::string_view text, double& out);

// REQUIRES (both): buckets ascend and are not none. Change them.
struct ClassicQuantile {
  double value = 0;
  bool forced_monotonic = false;  // counts fell somewhere
};
ClassicQuantile classic_quantile(double q, std::span<ClassicBucket> buckets);
double classic_fraction(double lower, double upper, std::span<ClassicBucket> buckets);

}  // namespace narthex::function_promql
