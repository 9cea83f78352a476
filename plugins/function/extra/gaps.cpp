// SPDX-License-Identifier: Apache-2.0
// The times of a window's samples, and values weighted by time.
#include "plugins/function/extra/families.hpp"
#include "plugins/function/extra/rows.hpp"

namespace narthex::function_extra {

namespace {

Value lifetime(const Window& w) { return seconds(w.times_ms.back() - w.times_ms.front()); }
Value lag(const Window& w) { return seconds(w.end_ms - w.times_ms.back()); }

Value interval(const Window& w) {
  if (w.size() < 2) return std::nullopt;
  return seconds(w.times_ms.back() - w.times_ms.front()) / static_cast<double>(w.size() - 1);
}

// Time between neighbours that are at most that many seconds apart: how long a series was there.
Value duration(const Window& w, const FunctionArgs& args) {
  const double longest = args.at(1, w.step);
  double total = 0;
  for (std::size_t i = 1; i < w.size(); ++i) {
    const double gap = seconds(w.times_ms[i] - w.times_ms[i - 1]);
    if (gap <= longest) total += gap;
  }
  return total;
}

// Every value holds until the next sample; the last one counts for nothing.
double integral(const Window& w) {
  double total = 0;
  for (std::size_t i = 1; i < w.size(); ++i) {
    total += w.values[i - 1] * seconds(w.times_ms[i] - w.times_ms[i - 1]);
  }
  return total;
}

Value integrate(const Window& w) { return integral(w); }

// Of a single sample its value.
Value weighted_mean(const Window& w) {
  if (w.size() < 2) return w.values[0];
  return integral(w) / seconds(w.times_ms.back() - w.times_ms.front());
}

const nx_function kRows[] = {
    of_window<lifetime>("lifetime", "Seconds from the first sample to the last."),
    of_window<lag>("lag", "Seconds from the last sample to the end of the range."),
    of_window<interval>("scrape_interval", "Mean seconds between samples."),
    of_window_and_scalar<duration>("duration_over_time", "Seconds covered without longer gaps."),
    of_window<integrate>("integrate", "Integral over time in seconds, values held."),
    of_window<weighted_mean>("twa_over_time", "Mean weighted by time, values held."),
};

}  // namespace

std::span<const nx_function> gap_functions() { return kRows; }

}  // namespace narthex::function_extra
