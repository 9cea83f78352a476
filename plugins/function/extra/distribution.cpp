// SPDX-License-Identifier: Apache-2.0
// How the values of a window are spread.
#include "plugins/function/extra/families.hpp"
#include "plugins/function/extra/order.hpp"
#include "plugins/function/extra/rows.hpp"

#include <numeric>

namespace narthex::function_extra {

namespace {

Value median(const Window& w) { return quantile_in_order(in_order(w.values), 0.5); }

Value interquartile_range(const Window& w) {
  const std::vector<double> sorted = in_order(w.values);
  return quantile_in_order(sorted, 0.75) - quantile_in_order(sorted, 0.25);
}

// Tukey's fences: one and a half times the interquartile range beyond the quartiles.
Value outlier(const Window& w) {
  const std::vector<double> sorted = in_order(w.values);
  const double low = quantile_in_order(sorted, 0.25);
  const double high = quantile_in_order(sorted, 0.75);
  const double fence = 1.5 * (high - low);
  const double last = w.values.back();
  if (last < low - fence || last > high + fence) return last;
  return std::nullopt;
}

Value range(const Window& w) {
  const auto [low, high] = std::minmax_element(w.values.begin(), w.values.end());
  return *high - *low;
}

// The smallest of the most frequent values. NaN counts as equal to NaN.
Value mode(const Window& w) {
  const std::vector<double> sorted = in_order(w.values);
  double best = sorted[0];
  std::size_t best_count = 0;
  std::size_t run = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool same = i > 0 && (sorted[i] == sorted[i - 1] ||
                                (std::isnan(sorted[i]) && std::isnan(sorted[i - 1])));
    run = same ? run + 1 : 1;
    if (run <= best_count) continue;
    best_count = run;
    best = sorted[i];
  }
  return best;
}

Value distinct(const Window& w) {
  const std::vector<double> sorted = in_order(w.values);
  double count = 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] != sorted[i - 1] && !(std::isnan(sorted[i]) && std::isnan(sorted[i - 1])))
      ++count;
  }
  return count;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// How many standard deviations the newest value is from the mean.
Value zscore(const Window& w) {
  const double mean = mean_of(w.values);
  double squares = 0;
  for (const double v : w.values) squares += (v - mean) * (v - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(w.size()));
  const double distance = w.values.back() - mean;
  return deviation == 0 ? 0 : distance / deviation;
}

Value geometric_mean(const Window& w) {
  double logs = 0;
  for (const double v : w.values) logs += std::log(v);
  return std::exp(logs / static_cast<double>(w.size()));
}

Value sum_of_squares(const Window& w) {
  double sum = 0;
  for (const double v : w.values) sum += v * v;
  return sum;
}

const nx_function kRows[] = {
    of_window<median>("median_over_time", "Median of the values."),
    of_window<interquartile_range>("iqr_over_time", "Distance between both quartiles."),
    of_window<outlier>("outlier_iqr_over_time", "The newest value where it is an outlier."),
    of_window<range>("range_over_time", "Largest value less smallest."),
    of_window<mode>("mode_over_time", "The most frequent value."),
    of_window<distinct>("distinct_over_time", "How many different values."),
    of_window<zscore>("zscore_over_time", "Standard deviations of the newest value off the mean."),
    of_window<geometric_mean>("geomean_over_time", "Geometric mean."),
    of_window<sum_of_squares>("sum2_over_time", "Sum of squares."),
};

}  // namespace

std::span<const nx_function> distribution_functions() { return kRows; }

}  // namespace narthex::function_extra
