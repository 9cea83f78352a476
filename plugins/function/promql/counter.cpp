// SPDX-License-Identifier: Apache-2.0
// Growth of counters and gauges over a whole window: rate, increase, delta.
//
// The order of operations is part of the contract: results equal Prometheus's bit for bit. What
// depends on times alone (how far the samples of a window are stretched to its edges) is computed
// once a step where all series share their windows.
#include "plugins/function/promql/extended_growth.hpp"
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/histogram_growth.hpp"
#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>
#include <narthex/storage.h>

#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;
using sdk::Window;

// Where a column falls: positions k with v[k] < v[k - 1], ascending.
void find_resets(const double* v, std::uint32_t first, std::uint32_t last,
                 std::vector<std::uint32_t>& out) {
  out.clear();
  for (std::uint32_t k = first + 1; k < last; ++k) {
    if (v[k] < v[k - 1]) out.push_back(k);
  }
}

// All windows of one series, in order. Both edges ascend, so resets are passed once.
class SeriesGrowth {
 public:
  SeriesGrowth(const nx_window_in& in, const nx_elem_out& out, Growth growth)
      : in_(in), out_(out), growth_(growth), range_s_(seconds(in.range_ms)) {}

  void evaluate(std::uint32_t series) {
    const std::uint64_t windows = in_.win_stride * series;
    v_ = in_.v + in_.off[series];
    t_ = (in_.flags & NX_WINDOW_SHARED_T) != 0 ? in_.t : in_.t + in_.off[series];
    lo_ = in_.lo + windows;
    hi_ = in_.hi + windows;
    const bool monotone =
        in_.col_flags != nullptr && (in_.col_flags[series] & NX_COL_MONOTONE) != 0;
    resets_.clear();
    if (growth_ != Growth::kDelta && !monotone) {
      find_resets(v_, lo_[0], hi_[in_.step_count - 1], resets_);
    }
    const bool shared = (in_.flags & NX_WINDOW_SHARED_STEPS) != 0;
    if (!shared || reaches_.empty()) find_reaches();
    const std::uint64_t first = std::uint64_t{series} * in_.step_count;
    std::size_t passed = 0;
    for (std::uint32_t i = 0; i < in_.step_count; ++i) {
      const bool enough = hi_[i] - lo_[i] >= 2 && hi_[i] > lo_[i];
      out_.present[first + i] = enough ? 1 : 0;
      if (enough) out_.v[first + i] = evaluate_window(i, passed);
    }
  }

 private:
  void find_reaches() {
    reaches_.resize(in_.step_count);
    for (std::uint32_t i = 0; i < in_.step_count; ++i) {
      if (hi_[i] < lo_[i] + 2) continue;
      reaches_[i] = reach_of(t_[lo_[i]], t_[hi_[i] - 1], hi_[i] - lo_[i],
                             in_.end_t[i] - in_.range_ms, in_.end_t[i]);
    }
  }

  double evaluate_window(std::uint32_t step, std::size_t& passed) {
    const std::uint32_t lo = lo_[step];
    const std::uint32_t hi = hi_[step];
    double grown = v_[hi - 1] - v_[lo];
    if (growth_ == Growth::kDelta) return grown * gauge_factor(reaches_[step]);
    // A fall is a restart from zero: what the counter held before is added back.
    while (passed < resets_.size() && resets_[passed] <= lo) ++passed;
    for (std::size_t r = passed; r < resets_.size() && resets_[r] < hi; ++r) {
      grown += v_[resets_[r] - 1];
    }
    double factor = counter_factor(reaches_[step], v_[lo], grown);
    if (growth_ == Growth::kRate) factor /= range_s_;
    return grown * factor;
  }

  const nx_window_in& in_;
  const nx_elem_out& out_;
  const Growth growth_;
  const double range_s_;
  const double* v_ = nullptr;
  const std::int64_t* t_ = nullptr;
  const std::uint32_t* lo_ = nullptr;
  const std::uint32_t* hi_ = nullptr;
  std::vector<std::uint32_t> resets_;
  std::vector<Reach> reaches_;
};

template <Growth G>
void grow(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  if ((in.flags & (NX_WINDOW_ANCHORED | NX_WINDOW_SMOOTHED)) != 0) {
    return grow_extended(context, in, out, G);
  }
  SeriesGrowth growth(in, out, G);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (s % 64 == 0) context.check();
    growth.evaluate(s);
  }
  if (in.hlo != nullptr) grow_histograms(context, in, out, G);
}

constexpr sdk::FunctionShape kCounter = {sdk::function_detail::kRangeParam, 1, false, NX_ARG_VECTOR,
                                         NX_FN_COUNTER | NX_FN_HISTOGRAMS};
constexpr sdk::FunctionShape kGauge = {sdk::function_detail::kRangeParam, 1, false, NX_ARG_VECTOR,
                                       NX_FN_HISTOGRAMS};

const nx_function kRows[] = {
    sdk::windows<grow<Growth::kRate>>("rate", "Growth of a counter per second.", kCounter),
    sdk::windows<grow<Growth::kIncrease>>("increase", "Growth of a counter over the range.",
                                          kCounter),
    sdk::windows<grow<Growth::kDelta>>("delta", "Change of a gauge over the range.", kGauge),
};

}  // namespace

std::span<const nx_function> counter_functions() { return kRows; }

}  // namespace narthex::function_promql
