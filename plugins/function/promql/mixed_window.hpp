// SPDX-License-Identifier: Apache-2.0
// mixed_window.hpp - windows whose samples may be floats and histograms. Views; nothing is owned.
#pragma once

#include "plugins/function/promql/pace.hpp"

#include <narthex/sdk/function.hpp>

#include <cstdint>
#include <span>

namespace narthex::function_promql {

struct MixedSample {
  std::int64_t t_ms = 0;
  double v = 0;
  const nx_histogram* h = nullptr;  // null: a float
};

struct MixedWindow {
  std::span<const std::int64_t> float_times;
  std::span<const double> floats;
  std::span<const std::int64_t> histogram_times;
  std::span<const nx_histogram* const> histograms;

  std::size_t size() const { return floats.size() + histograms.size(); }

  // f(sample), oldest first.
  template <class F>
  void in_order(F&& f) const {
    std::size_t a = 0;
    std::size_t b = 0;
    while (a < floats.size() || b < histograms.size()) {
      if (b == histograms.size() || (a < floats.size() && float_times[a] < histogram_times[b])) {
        f(MixedSample{float_times[a], floats[a], nullptr});
        ++a;
      } else {
        f(MixedSample{histogram_times[b], 0, histograms[b]});
        ++b;
      }
    }
  }

  // The sample that `skip` newer ones follow. REQUIRES: there are more than that.
  MixedSample newest(std::size_t skip) const {
    std::size_t a = floats.size();
    std::size_t b = histograms.size();
    for (;;) {
      const bool histogram = a == 0 || (b > 0 && histogram_times[b - 1] >= float_times[a - 1]);
      if (skip-- == 0) {
        return histogram ? MixedSample{histogram_times[b - 1], 0, histograms[b - 1]}
                         : MixedSample{float_times[a - 1], floats[a - 1], nullptr};
      }
      --(histogram ? b : a);
    }
  }
  MixedSample oldest() const {
    const bool histogram =
        floats.empty() || (!histograms.empty() && histogram_times[0] <= float_times[0]);
    return histogram ? MixedSample{histogram_times[0], 0, histograms[0]}
                     : MixedSample{float_times[0], floats[0], nullptr};
  }
};

// f(window, series, element) for all of a block.
template <class F>
void for_each_mixed_window(const sdk::FunctionContext& context, const nx_window_in& in, F&& f) {
  constexpr std::size_t kWorkOfHistogram = 64;
  Pace pace(context);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    for (std::uint32_t step = 0; step < in.step_count; ++step) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + step;
      const sdk::Window w = sdk::window_at(in, s, step);
      MixedWindow mixed{w.times_ms, w.values, {}, {}};
      if (in.hlo != nullptr && in.hhi[at] > in.hlo[at]) {
        const std::size_t size = in.hhi[at] - in.hlo[at];
        mixed.histogram_times = {in.ht + in.hlo[at], size};
        mixed.histograms = {in.h + in.hlo[at], size};
      }
      pace.after(1 + mixed.floats.size() + kWorkOfHistogram * mixed.histograms.size());
      f(mixed, s, at);
    }
  }
}

}  // namespace narthex::function_promql
