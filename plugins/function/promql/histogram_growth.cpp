// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/histogram_growth.hpp"

#include "plugins/function/promql/histogram_resets.hpp"
#include "plugins/function/promql/messages.hpp"

#include <algorithm>
#include <optional>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;

class HistogramGrowth {
 public:
  HistogramGrowth(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out,
                  Growth growth)
      : context_(context), in_(in), out_(out), growth_(growth) {}

  void evaluate(std::uint32_t series) {
    series_ = series;
    if (is_counter()) resets_.find(in_, series);
    for (std::uint32_t step = 0; step < in_.step_count; ++step) {
      const std::uint64_t at = std::uint64_t{series} * in_.step_count + step;
      const std::uint32_t lo = in_.hlo[at];
      const std::uint32_t hi = in_.hhi[at];
      if (lo == hi) continue;
      out_.present[at] = 0;
      out_.v[at] = 0;
      const std::uint64_t w = in_.win_stride * series + step;
      if (in_.hi[w] > in_.lo[w]) {
        context_.warn(0, series, kMixedSamples);
      } else if (hi - lo >= 2 && grow(lo, hi)) {
        sum_.scale(factor(lo, hi, step));
        sum_.put(context_, at);
      }
    }
  }

 private:
  bool is_counter() const { return growth_ != Growth::kDelta; }
  bool is_gauge(std::uint32_t k) const { return in_.h[k]->reset_hint == NX_RESET_GAUGE; }

  bool fail(Fit why) {
    context_.warn(0, series_, text_of(why));
    return false;
  }

  void note_types(std::uint32_t lo, std::uint32_t hi) const {
    if (!is_counter()) {
      if (!is_gauge(lo) || !is_gauge(hi - 1)) context_.warn(0, series_, kNotGauge);
      return;
    }
    for (std::uint32_t k = lo; k < hi; ++k) {
      if (!is_gauge(k)) continue;
      context_.warn(0, series_, kNotCounter);
      return;
    }
  }

  // All that matter must be of one kind; the first does not when a reset follows it.
  std::optional<std::int32_t> common_schema(std::uint32_t lo, std::uint32_t hi,
                                            const nx_histogram& base) const {
    const bool custom = has_custom_buckets(base);
    std::int32_t schema = std::min(base.schema, in_.h[hi - 1]->schema);
    if (has_custom_buckets(*in_.h[hi - 1]) != custom) return std::nullopt;
    for (std::uint32_t k = lo + 1; is_counter() && k + 1 < hi; ++k) {
      if (has_custom_buckets(*in_.h[k]) != custom) return std::nullopt;
      schema = std::min(schema, in_.h[k]->schema);
    }
    return schema;
  }

  // sum_ = growth between the first and the last sample, resets put right.
  bool grow(std::uint32_t lo, std::uint32_t hi) {
    const bool first_counts = !is_counter() || !resets_.before(lo + 1);
    const nx_histogram& base = first_counts ? *in_.h[lo] : *in_.h[lo + 1];
    const std::optional<std::int32_t> schema = common_schema(lo, hi, base);
    if (!schema) return fail(Fit::kMixedSchemas);
    sum_.load(*in_.h[hi - 1]);
    sum_.reduce_to(*schema);
    if (first_counts) {
      other_.load(base);
    } else {
      other_.load_empty_like(base);
    }
    if (const Fit why = fit(sum_.head, other_.head); why != Fit::kOk) return fail(why);
    sum_.add(other_, -1);
    for (std::uint32_t k = lo + 2; is_counter() && k < hi; ++k) {
      if (!resets_.before(k)) continue;
      const nx_histogram& before = *in_.h[k - 1];
      if (const Fit why = fit(sum_.head, before); why != Fit::kOk) return fail(why);
      other_.load(before);
      sum_.add(other_, 1);
    }
    note_types(lo, hi);
    sum_.head.reset_hint = NX_RESET_GAUGE;
    sum_.compact();
    return true;
  }

  double factor(std::uint32_t lo, std::uint32_t hi, std::uint32_t step) const {
    const Reach reach = reach_of(in_.ht[lo], in_.ht[hi - 1], hi - lo,
                                 in_.end_t[step] - in_.range_ms, in_.end_t[step]);
    // Their zero point is not looked for: histograms may grow out of less than nothing.
    const double factor = gauge_factor(reach);
    return growth_ == Growth::kRate ? factor / seconds(in_.range_ms) : factor;
  }

  const FunctionContext& context_;
  const nx_window_in& in_;
  const nx_elem_out& out_;
  const Growth growth_;
  std::uint32_t series_ = 0;
  HistogramResets resets_;  // of a counter
  FloatHistogram sum_;
  FloatHistogram other_;
};

}  // namespace

void grow_histograms(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out,
                     Growth growth) {
  HistogramGrowth all(context, in, out, growth);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (s % 16 == 0) context.check();
    all.evaluate(s);
  }
}

}  // namespace narthex::function_promql
