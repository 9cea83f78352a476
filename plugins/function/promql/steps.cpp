// SPDX-License-Identifier: Apache-2.0
// From one sample to the next, floats and histograms in turn: irate, idelta, resets, changes.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/histogram.hpp"
#include "plugins/function/promql/messages.hpp"
#include "plugins/function/promql/mixed_window.hpp"
#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;

// ---- between the last two samples ----

class LastTwo {
 public:
  LastTwo(const FunctionContext& context, const nx_elem_out& out, bool rate)
      : context_(context), out_(out), rate_(rate) {}

  void evaluate(const MixedWindow& w, std::uint32_t series, std::uint64_t at) {
    out_.present[at] = 0;
    if (w.size() < 2) return;
    const MixedSample last = w.newest(0);
    const MixedSample before = w.newest(1);
    const std::int64_t gap_ms = last.t_ms - before.t_ms;
    if (gap_ms == 0) return;
    if (last.h == nullptr && before.h == nullptr) {
      const double grown = rate_ && last.v < before.v ? last.v : last.v - before.v;
      out_.v[at] = rate_ ? grown / seconds(gap_ms) : grown;
      out_.present[at] = 1;
    } else if (last.h != nullptr && before.h != nullptr) {
      histograms(*last.h, *before.h, gap_ms, series, at);
    } else {
      context_.warn(0, series, kMixedSamples);
    }
  }

 private:
  void histograms(const nx_histogram& last, const nx_histogram& before, std::int64_t gap_ms,
                  std::uint32_t series, std::uint64_t at) {
    const int gauges = (last.reset_hint == NX_RESET_GAUGE) + (before.reset_hint == NX_RESET_GAUGE);
    if (rate_ && gauges > 0) context_.warn(0, series, kNotCounter);
    if (!rate_ && gauges < 2) context_.warn(0, series, kNotGauge);
    const bool reset = rate_ && detect_reset(last, before, scratch_);
    sum_.load(last);
    if (!reset) {
      if (const Fit why = fit(last, before); why != Fit::kOk) {
        context_.warn(0, series, text_of(why));
        return;
      }
      other_.load(before);
      sum_.add(other_, -1);
    }
    sum_.head.reset_hint = NX_RESET_GAUGE;
    sum_.compact();
    if (rate_) sum_.divide(seconds(gap_ms));
    sum_.put(context_, at);
  }

  const FunctionContext& context_;
  const nx_elem_out& out_;
  const bool rate_;
  FloatHistogram sum_;
  FloatHistogram other_;
  FloatHistogram scratch_[2];
};

template <bool Rate>
void last_two(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  LastTwo kernel(context, out, Rate);
  for_each_mixed_window(context, in, [&](const MixedWindow& w, std::uint32_t s, std::uint64_t at) {
    kernel.evaluate(w, s, at);
  });
}

// ---- how often ----

struct Resets {
  static bool floats(double before, double now) { return now < before; }
  static bool histograms(const nx_histogram& before, const nx_histogram& now,
                         FloatHistogram (&scratch)[2]) {
    return detect_reset(now, before, scratch);
  }
};

struct Changes {
  static bool floats(double before, double now) {
    return now != before && !(std::isnan(now) && std::isnan(before));
  }
  static bool histograms(const nx_histogram& before, const nx_histogram& now,
                         FloatHistogram (&scratch)[2]) {
    return !equal(now, before, scratch);
  }
};

template <class Event>
double count_events(const MixedWindow& w, FloatHistogram (&scratch)[2]) {
  std::uint64_t count = 0;
  if (w.histograms.empty()) {
    for (std::size_t i = 1; i < w.floats.size(); ++i) {
      count += Event::floats(w.floats[i - 1], w.floats[i]) ? 1 : 0;
    }
    return static_cast<double>(count);
  }
  MixedSample before;
  bool first = true;
  w.in_order([&](const MixedSample& now) {
    if (!first) {
      if (before.h == nullptr && now.h == nullptr) {
        count += Event::floats(before.v, now.v) ? 1 : 0;
      } else if (before.h != nullptr && now.h != nullptr) {
        count += Event::histograms(*before.h, *now.h, scratch) ? 1 : 0;
      } else {
        ++count;
      }
    }
    before = now;
    first = false;
  });
  return static_cast<double>(count);
}

// An anchored window begins with the newest sample at or before its start, float or histogram; it
// is empty when nothing comes after.
MixedWindow from_anchor(const MixedWindow& w, std::int64_t start_ms) {
  const auto until_start = [start_ms](std::span<const std::int64_t> times) {
    return static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), start_ms) -
                                    times.begin());
  };
  std::size_t floats = until_start(w.float_times);
  std::size_t histograms = until_start(w.histogram_times);
  if (floats + histograms == w.size()) return {};
  if (floats > 0 &&
      (histograms == 0 || w.float_times[floats - 1] >= w.histogram_times[histograms - 1])) {
    --floats;
  } else if (histograms > 0) {
    --histograms;
  }
  return {w.float_times.subspan(floats), w.floats.subspan(floats),
          w.histogram_times.subspan(histograms), w.histograms.subspan(histograms)};
}

template <class Event>
void events(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  FloatHistogram scratch[2];
  const bool anchored = (in.flags & NX_WINDOW_ANCHORED) != 0;
  for_each_mixed_window(context, in, [&](MixedWindow w, std::uint32_t, std::uint64_t at) {
    if (anchored) w = from_anchor(w, in.end_t[at % in.step_count] - in.range_ms);
    out.present[at] = w.size() > 0 ? 1 : 0;
    if (w.size() > 0) out.v[at] = count_events<Event>(w, scratch);
  });
}

constexpr sdk::FunctionShape kAny = {sdk::function_detail::kRangeParam, 1, false, NX_ARG_VECTOR,
                                     NX_FN_HISTOGRAMS};

const nx_function kRows[] = {
    sdk::windows<last_two<true>>("irate", "Growth per second between the last two samples.", kAny),
    sdk::windows<last_two<false>>("idelta", "Change between the last two samples.", kAny),
    sdk::windows<events<Resets>>("resets", "How often a counter fell.", kAny),
    sdk::windows<events<Changes>>("changes", "How often the value changed.", kAny),
};

}  // namespace

std::span<const nx_function> step_functions() { return kRows; }

}  // namespace narthex::function_promql
