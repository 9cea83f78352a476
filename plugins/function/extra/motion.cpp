// SPDX-License-Identifier: Apache-2.0
// How values move between the samples of a window. Nothing is extrapolated to its ends.
#include "plugins/function/extra/families.hpp"
#include "plugins/function/extra/rows.hpp"

namespace narthex::function_extra {

namespace {

// f(before, now) of all pairs of neighbours, summed.
template <class F>
double sum_of_steps(const Window& w, F f) {
  double total = 0;
  for (std::size_t i = 1; i < w.size(); ++i) total += f(w.values[i - 1], w.values[i]);
  return total;
}

double seconds_sampled(const Window& w) { return seconds(w.times_ms.back() - w.times_ms.front()); }

// A counter that falls began again at zero.
double growth(const Window& w) {
  return sum_of_steps(w,
                      [](double before, double now) { return now < before ? now : now - before; });
}

Value increase(const Window& w) {
  if (w.size() < 2) return std::nullopt;
  return growth(w);
}
Value rate(const Window& w) {
  if (w.size() < 2) return std::nullopt;
  return growth(w) / seconds_sampled(w);
}
Value delta(const Window& w) {
  if (w.size() < 2) return std::nullopt;
  return w.values.back() - w.values.front();
}
Value slope(const Window& w) {
  if (w.size() < 2) return std::nullopt;
  return (w.values.back() - w.values.front()) / seconds_sampled(w);
}
Value last_slope(const Window& w) {
  const std::size_t n = w.size();
  if (n < 2) return std::nullopt;
  return (w.values[n - 1] - w.values[n - 2]) / seconds(w.times_ms[n - 1] - w.times_ms[n - 2]);
}

Value ascent(const Window& w) {
  return sum_of_steps(w, [](double before, double now) { return now > before ? now - before : 0; });
}
Value descent(const Window& w) {
  return sum_of_steps(w, [](double before, double now) { return now < before ? before - now : 0; });
}
Value rises(const Window& w) {
  return sum_of_steps(w, [](double before, double now) { return now > before ? 1 : 0; });
}
Value falls(const Window& w) {
  return sum_of_steps(w, [](double before, double now) { return now < before ? 1 : 0; });
}

const nx_function kRows[] = {
    of_window<increase>("increase_exact", "Growth of a counter between first and last sample."),
    of_window<rate>("rate_exact", "That growth per second between both samples."),
    of_window<delta>("delta_exact", "Last value less first."),
    of_window<slope>("deriv_fast", "Change per second between first and last sample."),
    of_window<last_slope>("ideriv", "Change per second between the last two samples."),
    of_window<ascent>("ascent_over_time", "Sum of all rises."),
    of_window<descent>("descent_over_time", "Sum of all falls."),
    of_window<rises>("increases_over_time", "How often the value rose."),
    of_window<falls>("decreases_over_time", "How often the value fell."),
};

}  // namespace

std::span<const nx_function> motion_functions() { return kRows; }

}  // namespace narthex::function_extra
