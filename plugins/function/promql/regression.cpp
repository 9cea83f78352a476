// SPDX-License-Identifier: Apache-2.0
// Lines and trends through the samples of a window.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/float_windows.hpp"
#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/function.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::Window;

struct Line {
  double slope = 0;
  double intercept = 0;
};

// Least squares; x counts seconds from origin_ms.
Line fit(const Window& w, std::int64_t origin_ms) {
  CompensatedSum x_sum, y_sum, xy_sum, xx_sum;
  bool flat = true;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double y = w.values[i];
    if (y != w.values[0] && i > 0) flat = false;
    const double x = static_cast<double>(w.times_ms[i] - origin_ms) / 1e3;
    x_sum.add(x);
    y_sum.add(y);
    xy_sum.add(x * y);
    xx_sum.add(x * x);
  }
  if (flat) {
    if (!std::isinf(w.values[0])) return {0, w.values[0]};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {nan, nan};
  }
  const auto total = [](const CompensatedSum& s) { return s.sum + s.compensation; };
  const auto n = static_cast<double>(w.size());
  const double x = total(x_sum);
  const double y = total(y_sum);
  const double covariance = total(xy_sum) - x * y / n;
  const double variance = total(xx_sum) - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

std::optional<double> deriv(const Window& w) {
  if (w.size() < 2) return std::nullopt;
  return fit(w, w.times_ms[0]).slope;
}

std::optional<double> predict_linear(const Window& w, const FunctionArgs& args) {
  if (w.size() < 2) return std::nullopt;
  const Line line = fit(w, w.step_ms);
  return line.slope * args.at(1, w.step) + line.intercept;
}

double factor(const FunctionArgs& args, std::uint32_t arg, std::uint32_t step, const char* what,
              const char* letter) {
  const double value = args.at(arg, step);
  if (value > 0 && value < 1) return value;
  char text[400];
  std::snprintf(text, sizeof text, "invalid %s factor. Expected: 0 < %s < 1, got: %f", what, letter,
                value);
  throw sdk::Error(NX_ERR_INVALID_ARGUMENT, text);
}

// Holt and Winters without seasons.
std::optional<double> smooth(const Window& w, const FunctionArgs& args) {
  const double sf = factor(args, 1, w.step, "smoothing", "sf");
  const double tf = factor(args, 2, w.step, "trend", "tf");
  if (w.size() < 2) return std::nullopt;
  double before = 0;
  double level = w.values[0];
  double trend = w.values[1] - w.values[0];
  for (std::size_t i = 1; i < w.size(); ++i) {
    const double raw = sf * w.values[i];
    if (i > 1) trend = tf * (level - before) + (1 - tf) * trend;
    const double carried = (1 - sf) * (level + trend);
    before = level;
    level = raw + carried;
  }
  return level;
}

constexpr std::uint32_t kRangeScalar[] = {NX_ARG_RANGE, NX_ARG_SCALAR, NX_ARG_SCALAR};
constexpr std::span<const std::uint32_t> kParams(kRangeScalar);

const nx_function kRows[] = {
    over_floats<deriv>("deriv", "Slope of a line through the samples, per second."),
    over_floats<predict_linear>("predict_linear",
                                "Where a line through the samples is in so many seconds.",
                                {kParams.first(2), 2}),
    over_floats<smooth>("double_exponential_smoothing", "Smoothed value with a trend.",
                        {kParams, 3, false, NX_ARG_VECTOR, NX_FN_EXPERIMENTAL}),
};

}  // namespace

std::span<const nx_function> regression_functions() { return kRows; }

}  // namespace narthex::function_promql
