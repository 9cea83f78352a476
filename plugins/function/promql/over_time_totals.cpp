// SPDX-License-Identifier: Apache-2.0
// Sum and mean of a window: of its floats, or of its histograms. Both together have none.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/histogram.hpp"
#include "plugins/function/promql/messages.hpp"
#include "plugins/function/promql/mixed_window.hpp"
#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/function.hpp>

#include <cmath>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;
using Histograms = std::span<const nx_histogram* const>;

double sum(std::span<const double> values) {
  CompensatedSum total;
  for (const double v : values) total.add(v);
  return total.value();
}

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

// A plain mean for as long as the sum is finite.
double average(std::span<const double> values) {
  CompensatedSum total{values[0], 0};
  for (std::size_t i = 1; i < values.size(); ++i) {
    CompensatedSum next = total;
    next.add(values[i]);
    if (std::isinf(next.sum)) return average_beyond(values, i, total);
    total = next;
  }
  const auto count = static_cast<double>(values.size());
  return total.sum / count + total.compensation / count;
}

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

enum class Total { kSum, kAverage };

template <Total T>
void totals(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  Workspace work;
  for_each_mixed_window(context, in, [&](const MixedWindow& w, std::uint32_t s, std::uint64_t at) {
    if (w.size() == 0) return;
    if (w.histograms.empty()) {
      out.v[at] = T == Total::kSum ? sum(w.floats) : average(w.floats);
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
