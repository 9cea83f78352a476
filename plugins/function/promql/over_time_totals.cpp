// SPDX-License-Identifier: Apache-2.0
// Sum and mean of a window: of its floats, or of its histograms. Both together have none.
//
// The order of additions is Prometheus's, so a window cannot be made from the one before it. What
// can be done is to add up several windows of a series at once (sum_lanes.hpp), and, where samples
// are in many windows, to find what rounding loses from integers (exact_sums.hpp).
#include "plugins/function/promql/exact_sums.hpp"
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/histogram.hpp"
#include "plugins/function/promql/messages.hpp"
#include "plugins/function/promql/mixed_window.hpp"
#include "plugins/function/promql/sum_lanes.hpp"
#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/function.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;
using Histograms = std::span<const nx_histogram* const>;

// From the value on whose sum is infinite: an incremental mean.
double average_beyond(std::span<const double> values, std::size_t at, CompensatedSum total) {
  total.sum /= static_cast<double>(at);
  total.compensation /= static_cast<double>(at);
  for (; at < values.size(); ++at) {
    const auto count = static_cast<double>(at + 1);
    const double weight = (count - 1) / count;
    total.sum *= weight;
    total.compensation *= weight;
    total.add(values[at] / count);
  }
  return total.sum + total.compensation;
}

double mean_of(const CompensatedSum& total, std::size_t size) {
  const auto count = static_cast<double>(size);
  return total.sum / count + total.compensation / count;
}

enum class Total { kSum, kAverage };

// Goes on from `total`, which has the values before `at`.
template <Total T>
double finish_total(std::span<const double> values, std::size_t at, CompensatedSum total) {
  for (; at < values.size(); ++at) {
    CompensatedSum next = total;
    next.add(values[at]);
    // A mean is a plain one for as long as the sum is finite.
    if (T == Total::kAverage && at > 0 && std::isinf(next.sum)) {
      return average_beyond(values, at, total);
    }
    total = next;
  }
  return T == Total::kSum ? total.value() : mean_of(total, values.size());
}

// A sum begins at 0 and a mean at its first value; from 0 it would get there as well, unless that
// value is infinite.
template <Total T>
double total_of(std::span<const double> values) {
  if (T == Total::kSum) return finish_total<T>(values, 0, {});
  return finish_total<T>(values, 1, {values[0], 0});
}

// Collects windows of floats until there are enough for all lanes; goes together as far as the
// shortest, the rest alone.
template <Total T>
class LaneQueue {
 public:
  // The windows of one series come next.
  void begin_series(const nx_window_in& in, std::uint32_t series) {
    if (exact_) flush();
    const bool exact = load_exact(in, series);
    if (exact && !exact_) flush();
    exact_ = exact;
  }
  void add(std::span<const double> window, double& out) {
    windows_[size_] = window;
    out_[size_] = &out;
    if (++size_ == kLanes) flush();
  }
  // Lanes that are left over repeat the last window.
  void flush() {
    if (size_ == 0) return;
    std::size_t common = windows_[0].size();
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::span<const double>& window = windows_[std::min(lane, size_ - 1)];
      v_[lane] = window.data();
      common = std::min(common, window.size());
    }
    exact_ ? add_exact(common) : add_compensated(common);
    size_ = 0;
  }

 private:
  // Integers of all samples cost less than compensating where each is in that many windows.
  static constexpr std::uint64_t kOverlap = 4;

  bool load_exact(const nx_window_in& in, std::uint32_t series) {
    const std::uint64_t first = in.win_stride * series;
    std::uint32_t lo = UINT32_MAX;
    std::uint32_t hi = 0;
    std::uint32_t largest = 0;
    std::uint64_t all = 0;
    for (std::uint64_t w = first; w < first + in.step_count; ++w) {
      if (in.hi[w] == in.lo[w]) continue;
      lo = std::min(lo, in.lo[w]);
      hi = std::max(hi, in.hi[w]);
      largest = std::max(largest, in.hi[w] - in.lo[w]);
      all += in.hi[w] - in.lo[w];
    }
    if (all == 0 || all < kOverlap * (hi - lo)) return false;
    values_ = in.v + in.off[series] + lo;
    return sums_.load({values_, hi - lo}, largest);
  }

  void add_exact(std::size_t common) {
    double sums[kLanes] = {};
    add_lanes(v_, common, sums);
    for (std::size_t lane = 0; lane < size_; ++lane) {
      const std::span<const double>& window = windows_[lane];
      double sum = sums[lane];
      for (const double value : window.subspan(common)) sum += value;
      const auto first = static_cast<std::size_t>(window.data() - values_);
      const CompensatedSum total{sum, sums_.compensation(first, first + window.size(), sum)};
      *out_[lane] = T == Total::kSum ? total.value() : mean_of(total, window.size());
    }
  }

  void add_compensated(std::size_t common) {
    CompensatedSum sums[kLanes];
    add_lanes(v_, common, sums);
    for (std::size_t lane = 0; lane < size_; ++lane) {
      *out_[lane] = std::isfinite(sums[lane].sum)
                        ? finish_total<T>(windows_[lane], common, sums[lane])
                        : total_of<T>(windows_[lane]);
    }
  }

  std::span<const double> windows_[kLanes];
  double* out_[kLanes];
  const double* v_[kLanes];
  std::size_t size_ = 0;
  ExactSums sums_;
  bool exact_ = false;  // windows_ are of the values that sums_ has
  const double* values_ = nullptr;
};

struct Workspace {
  FloatHistogram total;
  FloatHistogram part;
  FloatHistogram share;
};

Fit sum(Histograms all, Workspace& work) {
  work.total.load(*all[0]);
  for (const nx_histogram* h : all.subspan(1)) {
    if (const Fit why = fit(work.total.head, *h); why != Fit::kOk) return why;
    work.part.load(*h);
    work.total.add(work.part, 1);
  }
  return Fit::kOk;
}

// An incremental mean: mean += (h - mean) / count.
Fit average(Histograms all, Workspace& work) {
  work.total.load(*all[0]);
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (const Fit why = fit(work.total.head, *all[i]); why != Fit::kOk) return why;
    const auto count = static_cast<double>(i + 1);
    work.part.load(*all[i]);
    work.part.divide(count);
    work.share = work.total;
    work.share.divide(count);
    const std::uint8_t hint = work.part.head.reset_hint;
    work.part.add(work.share, -1);
    work.part.head.reset_hint = hint;
    work.total.add(work.part, 1);
  }
  return Fit::kOk;
}

template <Total T>
void totals(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  Workspace work;
  LaneQueue<T> queue;
  std::uint32_t series = UINT32_MAX;
  for_each_mixed_window(context, in, [&](const MixedWindow& w, std::uint32_t s, std::uint64_t at) {
    if (std::exchange(series, s) != s) queue.begin_series(in, s);
    if (w.size() == 0) return;
    if (w.histograms.empty()) {
      queue.add(w.floats, out.v[at]);
      return;
    }
    out.present[at] = 0;
    if (!w.floats.empty()) {
      context.warn(0, s, kMixedSamples);
      return;
    }
    const Fit result = T == Total::kSum ? sum(w.histograms, work) : average(w.histograms, work);
    if (result == Fit::kOk) {
      work.total.put(context, at);
    } else {
      context.warn(0, s, text_of(result));
    }
  });
  queue.flush();
}

constexpr sdk::FunctionShape kAny = {sdk::function_detail::kRangeParam, 1, false, NX_ARG_VECTOR,
                                     NX_FN_HISTOGRAMS};

const nx_function kRows[] = {
    sdk::windows<totals<Total::kSum>>("sum_over_time", "Sum of the samples.", kAny),
    sdk::windows<totals<Total::kAverage>>("avg_over_time", "Mean of the samples.", kAny),
};

}  // namespace

std::span<const nx_function> total_over_time_functions() { return kRows; }

}  // namespace narthex::function_promql
