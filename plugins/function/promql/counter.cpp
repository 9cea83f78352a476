// SPDX-License-Identifier: Apache-2.0
// Growth of counters and gauges over a whole window: rate, increase, delta.
//
// The order of operations is part of the contract: results equal Prometheus's bit for bit. What
// depends on times alone (how far the samples of a window are stretched to its edges) is computed
// once a step where all series share their windows; what is left of a series are loops over
// columns.
#include "plugins/function/promql/extended_growth.hpp"
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/growth_kernels.hpp"
#include "plugins/function/promql/histogram_growth.hpp"
#include "plugins/function/promql/pace.hpp"
#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>
#include <narthex/storage.h>

#include <algorithm>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;
using sdk::Window;

// All windows of one series, in order. Both edges ascend, so a reset is inside of a run of steps.
class SeriesGrowth {
 public:
  SeriesGrowth(const nx_window_in& in, const nx_elem_out& out, Growth growth)
      : in_(in), out_(out), growth_(growth), steps_(in.step_count) {}

  // Of the last series, in elements.
  std::size_t work() const { return work_; }
  void evaluate(std::uint32_t series) {
    work_ = 8 * std::size_t{steps_};
    const std::uint64_t windows = in_.win_stride * series;
    v_ = in_.v + in_.off[series];
    t_ = (in_.flags & NX_WINDOW_SHARED_T) != 0 ? in_.t : in_.t + in_.off[series];
    lo_ = in_.lo + windows;
    hi_ = in_.hi + windows;
    const bool shared = (in_.flags & NX_WINDOW_SHARED_STEPS) != 0;
    if (!shared || enough_.empty()) find_reaches();
    const std::uint64_t first = std::uint64_t{series} * steps_;
    std::copy(enough_.begin(), enough_.end(), out_.present + first);
    if (enough_count_ == 0) return;
    find_growth();
    const bool monotone =
        in_.col_flags != nullptr && (in_.col_flags[series] & NX_COL_MONOTONE) != 0;
    if (growth_ != Growth::kDelta && !monotone) add_resets();
    stretch(out_.v + first);
  }

 private:
  // What times alone say. Windows with less than two samples get an element that nothing follows
  // from, so that the loops over values need not ask.
  void find_reaches() {
    enough_.assign(steps_, 0);
    const std::uint32_t any = find_any();
    oldest_.assign(steps_, any);
    newest_.assign(steps_, any);
    reaches_.assign(steps_);
    enough_count_ = 0;
    for (std::uint32_t i = 0; i < steps_; ++i) {
      if (hi_[i] < lo_[i] + 2) continue;
      enough_[i] = 1;
      ++enough_count_;
      oldest_[i] = lo_[i];
      newest_[i] = hi_[i] - 1;
      reaches_.set(i, reach_of(t_[lo_[i]], t_[hi_[i] - 1], hi_[i] - lo_[i],
                               in_.end_t[i] - in_.range_ms, in_.end_t[i]));
    }
    first_.resize(steps_);
    grown_.resize(steps_);
  }

  // An element of the column that may be read, where a window holds one.
  std::uint32_t find_any() const {
    for (std::uint32_t i = 0; i < steps_; ++i) {
      if (hi_[i] > lo_[i]) return lo_[i];
    }
    return 0;
  }

  void find_growth() {
    // Not a vector's work: gathered, it takes a fourth longer.
    const std::uint32_t* oldest = oldest_.data();
    const std::uint32_t* newest = newest_.data();
    double* first = first_.data();
    double* grown = grown_.data();
    for (std::uint32_t i = 0; i < steps_; ++i) {
      const double value = v_[oldest[i]];
      first[i] = value;
      grown[i] = v_[newest[i]] - value;
    }
    if (enough_count_ == steps_) return;
    for (std::uint32_t i = 0; i < steps_; ++i) {
      if (enough_[i] == 0) first_[i] = grown_[i] = 0;
    }
  }

  // A fall is a restart from zero: what the counter held before is added back, the oldest first, to
  // the windows that see the fall. Windows that see no two samples see none.
  void add_resets() {
    std::uint32_t begin = 0;  // the first step whose window reaches behind the fall
    const std::size_t end = hi_[steps_ - 1];
    work_ += end - std::min<std::size_t>(lo_[0], end);
    const auto next_fall = growth_kernels().next_fall;
    for (std::size_t k = next_fall(v_, lo_[0] + std::size_t{1}, end); k < end;
         k = next_fall(v_, k + 1, end)) {
      while (begin < steps_ && hi_[begin] <= k) ++begin;
      std::uint32_t i = begin;
      for (; i < steps_ && lo_[i] < k; ++i) grown_[i] += v_[k - 1];
      work_ += i - begin;
    }
  }

  void stretch(double* out) const {
    const GrowthKernels& kernels = growth_kernels();
    const GrowthColumns columns{reaches_.view(), first_.data(), grown_.data(), steps_};
    if (growth_ == Growth::kDelta) {
      kernels.gauge(columns, out);
    } else if (growth_ == Growth::kIncrease) {
      kernels.counter(columns, out);
    } else {
      kernels.rate(columns, seconds(in_.range_ms), out);
    }
  }

  const nx_window_in& in_;
  const nx_elem_out& out_;
  const Growth growth_;
  const std::uint32_t steps_;
  const double* v_ = nullptr;
  const std::int64_t* t_ = nullptr;
  const std::uint32_t* lo_ = nullptr;
  const std::uint32_t* hi_ = nullptr;
  // [steps], of the windows: shared by all series, or of this one
  std::vector<std::uint8_t> enough_;
  std::vector<std::uint32_t> oldest_, newest_;
  ReachColumns reaches_;
  std::uint32_t enough_count_ = 0;
  std::size_t work_ = 0;
  // [steps], of the series
  std::vector<double> first_, grown_;
};

template <Growth G>
void grow(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  if ((in.flags & (NX_WINDOW_ANCHORED | NX_WINDOW_SMOOTHED)) != 0) {
    return grow_extended(context, in, out, G);
  }
  SeriesGrowth growth(in, out, G);
  Pace pace(context);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    growth.evaluate(s);
    pace.after(growth.work());
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
