// SPDX-License-Identifier: Apache-2.0
// Aggregations over the samples of a window: *_over_time.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/quantile.hpp"
#include "plugins/function/promql/shown.hpp"
#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/function.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::FunctionContext;
using sdk::Window;
using sdk::window_at;

std::optional<double> sum(const Window& w) {
  CompensatedSum total;
  for (const double v : w.values) total.add(v);
  return total.value();
}

// A plain mean for as long as the sum is finite, an incremental one from there on.
std::optional<double> average(const Window& w) {
  CompensatedSum total{w.values[0], 0};
  bool incremental = false;
  for (std::size_t i = 1; i < w.size(); ++i) {
    const auto count = static_cast<double>(i + 1);
    if (!incremental) {
      CompensatedSum next = total;
      next.add(w.values[i]);
      if (!std::isinf(next.sum)) {
        total = next;
        continue;
      }
      incremental = true;
      total.sum /= count - 1;
      total.compensation /= count - 1;
    }
    const double weight = (count - 1) / count;
    total.sum *= weight;
    total.compensation *= weight;
    total.add(w.values[i] / count);
  }
  if (incremental) return total.sum + total.compensation;
  const auto count = static_cast<double>(w.size());
  return total.sum / count + total.compensation / count;
}

std::optional<double> least(const Window& w) {
  double best = w.values[0];
  for (const double v : w.values) {
    if (v < best || std::isnan(best)) best = v;
  }
  return best;
}

std::optional<double> most(const Window& w) {
  double best = w.values[0];
  for (const double v : w.values) {
    if (v > best || std::isnan(best)) best = v;
  }
  return best;
}

double variance_of(const Window& w) {
  double count = 0;
  CompensatedSum mean;
  CompensatedSum squares;
  for (const double v : w.values) {
    ++count;
    const double delta = v - (mean.sum + mean.compensation);
    mean.add(delta / count);
    squares.add(delta * (v - (mean.sum + mean.compensation)));
  }
  return (squares.sum + squares.compensation) / count;
}

std::optional<double> variance(const Window& w) { return variance_of(w); }
std::optional<double> deviation(const Window& w) { return std::sqrt(variance_of(w)); }

std::optional<double> median_deviation(const Window& w) {
  std::vector<double> values(w.values.begin(), w.values.end());
  const double median = quantile_of(0.5, values);
  for (double& v : values) v = std::fabs(v - median);
  return quantile_of(0.5, values);
}

double in_seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

std::optional<double> time_of_last(const Window& w) { return in_seconds(w.times_ms.back()); }

// Of equal extremes the last one counts.
template <class Better>
double time_of_extreme(const Window& w, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (better(w.values[i], w.values[best]) || std::isnan(w.values[best])) best = i;
  }
  return in_seconds(w.times_ms[best]);
}
std::optional<double> time_of_most(const Window& w) {
  return time_of_extreme(w, [](double a, double b) { return a >= b; });
}
std::optional<double> time_of_least(const Window& w) {
  return time_of_extreme(w, [](double a, double b) { return a <= b; });
}

// ---- floats and histograms alike ----

std::uint32_t histogram_count(const nx_window_in& in, std::uint64_t element) {
  return in.hlo == nullptr ? 0 : in.hhi[element] - in.hlo[element];
}

void count(const FunctionContext&, const nx_window_in& in, const nx_elem_out& out) {
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    for (std::uint32_t i = 0; i < in.step_count; ++i) {
      const std::uint64_t w = in.win_stride * s + i;
      const std::uint64_t at = std::uint64_t{s} * in.step_count + i;
      out.v[at] = static_cast<double>(in.hi[w] - in.lo[w] + histogram_count(in, at));
    }
  }
}

void presence(const FunctionContext&, const nx_window_in& in, const nx_elem_out& out) {
  std::fill_n(out.v, in.n, 1.0);
}

void last(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    for (std::uint32_t i = 0; i < in.step_count; ++i) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + i;
      if (out.present[at] == 0) continue;
      const Window w = window_at(in, s, i);
      const bool histogram = histogram_count(in, at) > 0;
      if (histogram && (w.size() == 0 || in.ht[in.hhi[at] - 1] > w.times_ms.back())) {
        context.put(at, *in.h[in.hhi[at] - 1]);
      } else {
        out.v[at] = w.values.back();
      }
    }
  }
}

// ---- quantile_over_time ----

void quantile(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  std::vector<double> values;
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    context.check();
    for (std::uint32_t i = 0; i < in.step_count; ++i) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + i;
      const Window w = window_at(in, s, i);
      out.present[at] = w.size() > 0 ? 1 : 0;
      if (w.size() == 0) continue;
      const double q = args.at(0, i);
      if (!(q >= 0 && q <= 1)) {
        context.warn(0, NX_NONE, "quantile value should be between 0 and 1, got " + shown(q));
      }
      values.assign(w.values.begin(), w.values.end());
      out.v[at] = quantile_of(q, values);
    }
  }
}

constexpr std::uint32_t kRange[] = {NX_ARG_RANGE};
constexpr std::uint32_t kScalarRange[] = {NX_ARG_SCALAR, NX_ARG_RANGE};
constexpr sdk::FunctionShape kAnySample = {kRange, 1, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS};
constexpr sdk::FunctionShape kLast = {kRange, 1, false, NX_ARG_VECTOR,
                                      NX_FN_HISTOGRAMS | NX_FN_KEEP_NAME};
constexpr sdk::FunctionShape kExperimental = {kRange, 1, false, NX_ARG_VECTOR, NX_FN_EXPERIMENTAL};

const nx_function kRows[] = {
    sdk::over_window<sum>("sum_over_time", "Sum of the samples."),
    sdk::over_window<average>("avg_over_time", "Mean of the samples."),
    sdk::over_window<least>("min_over_time", "Smallest sample."),
    sdk::over_window<most>("max_over_time", "Largest sample."),
    sdk::over_window<variance>("stdvar_over_time", "Population variance of the samples."),
    sdk::over_window<deviation>("stddev_over_time", "Population standard deviation."),
    sdk::over_window<median_deviation>("mad_over_time", "Median absolute deviation.",
                                       kExperimental),
    sdk::over_window<time_of_last>("ts_of_last_over_time", "Time of the newest sample.",
                                   kExperimental),
    sdk::over_window<time_of_most>("ts_of_max_over_time", "Time of the last largest sample.",
                                   kExperimental),
    sdk::over_window<time_of_least>("ts_of_min_over_time", "Time of the last smallest sample.",
                                    kExperimental),
    sdk::windows<count>("count_over_time", "How many samples there are.", kAnySample),
    sdk::windows<presence>("present_over_time", "1 where there is a sample.", kAnySample),
    sdk::windows<last>("last_over_time", "The newest sample.", kLast),
    sdk::windows<quantile>("quantile_over_time", "Quantile of the samples.", {kScalarRange, 2}),
};

}  // namespace

std::span<const nx_function> over_time_functions() { return kRows; }

}  // namespace narthex::function_promql
