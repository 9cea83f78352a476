// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/extended_growth.hpp"

#include "plugins/function/promql/extended_histograms.hpp"
#include "plugins/function/promql/messages.hpp"

#include <optional>

namespace narthex::function_promql {

namespace {

// The value at a time between two samples. A counter that fell in between began again at zero.
double between(std::int64_t t0, double v0, std::int64_t t1, double v1, std::int64_t t,
               bool counter) {
  if (counter && v1 < v0) v0 = 0;
  return v0 + (v1 - v0) * static_cast<double>(t - t0) / static_cast<double>(t1 - t0);
}

struct Edges {
  bool smoothed = false;
  bool counter = false;

  // A smoothed window takes values at its very ends, an anchored one those of its samples.
  double left(const sdk::Window& w) const {
    const bool outside = w.times_ms[0] < w.start_ms && w.size() > 1;
    if (!smoothed || !outside) return w.values[0];
    return between(w.times_ms[0], w.values[0], w.times_ms[1], w.values[1], w.start_ms, counter);
  }
  double right(const sdk::Window& w) const {
    const std::size_t last = w.size() - 1;
    if (!smoothed || last == 0 || w.times_ms[last] <= w.end_ms) return w.values[last];
    return between(w.times_ms[last - 1], w.values[last - 1], w.times_ms[last], w.values[last],
                   w.end_ms, counter);
  }
};

// What a counter lost in falls between its values at both ends.
double lost(const sdk::Window& w, double left, double right) {
  double total = 0;
  double before = left;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (w.times_ms[i] <= w.start_ms || w.times_ms[i] >= w.end_ms) continue;
    if (w.values[i] < before) total += before;
    before = w.values[i];
  }
  return right < before ? total + before : total;
}

std::optional<double> grown(const sdk::Window& w, const Edges& edges) {
  if (w.times_ms.back() <= w.start_ms) return std::nullopt;
  if (edges.smoothed && w.times_ms.front() > w.end_ms) return std::nullopt;
  const double left = edges.left(w);
  const double right = edges.right(w);
  const double change = right - left;
  return edges.counter ? change + lost(w, left, right) : change;
}

}  // namespace

void grow_extended(const sdk::FunctionContext& context, const nx_window_in& in,
                   const nx_elem_out& out, Growth growth) {
  const Edges edges{(in.flags & NX_WINDOW_SMOOTHED) != 0, growth != Growth::kDelta};
  ExtendedHistograms histograms(context, in, growth);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (s % 16 == 0) context.check();
    if (in.hlo != nullptr) histograms.begin_series(s);
    for (std::uint32_t step = 0; step < in.step_count; ++step) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + step;
      const sdk::Window window = sdk::window_at(in, s, step);
      if (in.hlo != nullptr && in.hhi[at] > in.hlo[at]) {
        out.present[at] = 0;
        if (window.size() > 0) {
          context.warn(0, s, kMixedSamples);
        } else {
          histograms.evaluate(step);
        }
        continue;
      }
      const std::optional<double> value =
          window.size() > 0 ? grown(window, edges) : std::optional<double>();
      out.present[at] = value ? 1 : 0;
      if (!value) continue;
      out.v[at] = growth == Growth::kRate ? *value / seconds(in.range_ms) : *value;
    }
  }
}

}  // namespace narthex::function_promql
