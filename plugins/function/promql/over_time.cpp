// SPDX-License-Identifier: Apache-2.0
// The floats of a window as a whole: extremes and when they were, spread, quantiles.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/float_windows.hpp"
#include "plugins/function/promql/quantile.hpp"
#include "plugins/function/promql/sliding_quantile.hpp"
#include "plugins/function/promql/reach.hpp"
#include "plugins/function/promql/shown.hpp"
#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/function.hpp>

#include <cmath>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::FunctionContext;
using sdk::Window;
using Values = std::vector<double>;

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

std::optional<double> median_deviation(const Window& w, const FunctionArgs&, Values& values) {
  values.assign(w.values.begin(), w.values.end());
  const double median = quantile_of(0.5, values);
  for (double& v : values) v = std::fabs(v - median);
  return quantile_of(0.5, values);
}

// Of equal extremes the last one counts.
template <class Better>
double time_of_extreme(const Window& w, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (better(w.values[i], w.values[best]) || std::isnan(w.values[best])) best = i;
  }
  return seconds(w.times_ms[best]);
}
std::optional<double> time_of_most(const Window& w) {
  return time_of_extreme(w, [](double a, double b) { return a >= b; });
}
std::optional<double> time_of_least(const Window& w) {
  return time_of_extreme(w, [](double a, double b) { return a <= b; });
}

std::optional<double> quantile_in(const Window& w, const FunctionArgs& args,
                                  SlidingQuantile& sliding) {
  return sliding.of(args.at(0, w.step), w.values);
}

bool any_floats(const nx_window_in& in, std::uint32_t step) {
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    const std::uint64_t w = in.win_stride * s + step;
    if (in.hi[w] > in.lo[w]) return true;
  }
  return false;
}

void quantile(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint32_t step = 0; step < in.step_count; ++step) {
    const double q = args.at(0, step);
    if ((q >= 0 && q <= 1) || !any_floats(in, step)) continue;
    context.warn(0, NX_NONE, "quantile value should be between 0 and 1, got " + shown(q));
  }
  float_windows<quantile_in, SlidingQuantile>(context, in, out);
}

constexpr std::uint32_t kScalarRange[] = {NX_ARG_SCALAR, NX_ARG_RANGE};
constexpr sdk::FunctionShape kExperimental = {sdk::function_detail::kRangeParam, 1, false,
                                              NX_ARG_VECTOR, NX_FN_EXPERIMENTAL};

const nx_function kRows[] = {
    over_floats<least>("min_over_time", "Smallest sample."),
    over_floats<most>("max_over_time", "Largest sample."),
    over_floats<variance>("stdvar_over_time", "Population variance of the samples."),
    over_floats<deviation>("stddev_over_time", "Population standard deviation."),
    over_floats<median_deviation, Values>("mad_over_time", "Median absolute deviation.",
                                          kExperimental),
    over_floats<time_of_most>("ts_of_max_over_time", "Time of the last largest sample.",
                              kExperimental),
    over_floats<time_of_least>("ts_of_min_over_time", "Time of the last smallest sample.",
                               kExperimental),
    sdk::windows<quantile>("quantile_over_time", "Quantile of the samples.",
                           {kScalarRange, 2, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS}),
};

}  // namespace

std::span<const nx_function> over_time_functions() { return kRows; }

}  // namespace narthex::function_promql
