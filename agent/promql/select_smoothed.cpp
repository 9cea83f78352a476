// SPDX-License-Identifier: Apache-2.0
// `metric smoothed`: the value on the line between the samples around each step. Within the
// lookback on either side; without a sample behind the step it is the last one before it.
// Histograms are added bucket by bucket; between a counter's histogram and one that was reset it
// begins at nothing. Where both kinds of samples are near, there is no value, and a warning.
#include "promql/histogram_math.hpp"
#include "promql/operators.hpp"

namespace narthex::promql {

namespace {

class SmoothedSelect final : public Stream {
 public:
  SmoothedSelect(Context& context, const VectorSelector& selector, const Grid& grid)
      : context_(context), matrix_(const_cast<VectorSelector*>(&selector), selector.position) {
    // The samples around a step are those of a smoothed range as short as can be.
    matrix_.range_ms = 1;
    windows_ = select_range(context, matrix_, grid);
  }

  bool next(Batch& out) override {
    if (!windows_->next(block_)) return false;
    const nx_window_in& in = block_.in;
    out.clear(in.step_count);
    for (const LabelSet& set : block_.labels) out.add(set);
    for (std::uint32_t s = 0; s < in.series_count; ++s) {
      if (context_.stop_after(std::size_t{2} * in.step_count)) return false;
      for (std::uint32_t step = 0; step < in.step_count; ++step) put(s, step, out);
    }
    return !context_.failed();
  }

 private:
  void put(std::uint32_t series, std::uint32_t step, Batch& out) {
    const nx_window_in& in = block_.in;
    const std::uint64_t w = in.win_stride * series + step;
    const std::size_t at = std::size_t{series} * in.step_count + step;
    if (in.hlo == nullptr || in.hlo[at] == in.hhi[at]) return put_float(series, step, out);
    if (in.lo[w] == in.hi[w]) return put_histogram(series, step, out);
    warn(series, "encountered a mix of histograms and floats");
  }

  void warn(std::uint32_t series, const std::string& text) {
    context_.annotations.warn(matrix_.position,
                              text + for_metric(context_.labels.name_of(block_.labels[series])));
  }

  void put_histogram(std::uint32_t series, std::uint32_t step, Batch& out) {
    const nx_window_in& in = block_.in;
    const std::size_t at = std::size_t{series} * in.step_count + step;
    const std::int64_t now = in.end_t[step];
    std::uint32_t next = in.hlo[at];
    while (next < in.hhi[at] && in.ht[next] < now) ++next;
    const bool behind = next < in.hhi[at];
    const nx_histogram* value = nullptr;
    if (behind && in.ht[next] == now) {
      value = in.h[next];
    } else if (next == in.hlo[at]) {
      return;  // nothing before
    } else if (!behind) {
      auto* kept = context_.arena.array<nx_histogram>(1);
      *kept = *in.h[next - 1];
      kept->reset_hint = NX_RESET_UNKNOWN;  // it told of the sample before
      value = kept;
    } else {
      value = between(series, next, now);
    }
    if (value == nullptr || context_.stop_after(kWorkOfHistogram)) return;
    out.need_histograms();
    out.h[at] = value;
    out.present[at] = 1;
  }

  // On the line from the histogram before `next` to it. Null: they have no line between them.
  const nx_histogram* between(std::uint32_t series, std::uint32_t next, std::int64_t now) {
    const nx_window_in& in = block_.in;
    const nx_histogram& from = *in.h[next - 1];
    const nx_histogram& to = *in.h[next];
    const double share = static_cast<double>(now - in.ht[next - 1]) /
                         static_cast<double>(in.ht[next] - in.ht[next - 1]);
    Arena& arena = context_.arena;
    const bool custom = from.schema == NX_SCHEMA_CUSTOM;
    const bool gauges = from.reset_hint == NX_RESET_GAUGE && to.reset_hint == NX_RESET_GAUGE;
    const bool same_kind = custom == (to.schema == NX_SCHEMA_CUSTOM);
    if (same_kind && !gauges && was_reset(to, from, arena)) {
      return scale_histogram(to, share, arena);
    }
    const HistogramSum grown = add_histograms(to, from, -1, arena);
    if (grown.result == nullptr) {
      warn(series, grown.bounds_differ
                       ? "vector contains histograms with incompatible custom buckets"
                       : "vector contains a mix of histograms with exponential and custom buckets "
                         "schemas");
      return nullptr;
    }
    const HistogramSum sum =
        add_histograms(from, *scale_histogram(*grown.result, share, arena), 1, arena);
    auto* out = arena.array<nx_histogram>(1);
    *out = *sum.result;
    out->reset_hint = from.reset_hint;
    if (from.reset_hint != to.reset_hint) {
      const bool gauge = from.reset_hint == NX_RESET_GAUGE || to.reset_hint == NX_RESET_GAUGE;
      out->reset_hint = gauge ? NX_RESET_GAUGE : NX_RESET_UNKNOWN;
    }
    return out;
  }

  void put_float(std::uint32_t series, std::uint32_t step, Batch& out) const {
    const nx_window_in& in = block_.in;
    const std::uint64_t w = in.win_stride * series + step;
    const std::int64_t* t = (in.flags & NX_WINDOW_SHARED_T) != 0 ? in.t : in.t + in.off[series];
    const double* v = in.v + in.off[series];
    const std::int64_t now = in.end_t[step];
    std::uint32_t next = in.lo[w];
    while (next < in.hi[w] && t[next] < now) ++next;
    const bool behind = next < in.hi[w];
    const std::size_t at = std::size_t{series} * in.step_count + step;
    if (behind && t[next] == now) {
      out.v[at] = v[next];
    } else if (next == in.lo[w]) {
      return;  // nothing before
    } else if (!behind) {
      out.v[at] = v[next - 1];
    } else {
      out.v[at] = v[next - 1] + (v[next] - v[next - 1]) * static_cast<double>(now - t[next - 1]) /
                                    static_cast<double>(t[next] - t[next - 1]);
    }
    out.present[at] = 1;
  }

  Context& context_;
  MatrixSelector matrix_;
  RangePtr windows_;
  RangeBlock block_;
};

}  // namespace

StreamPtr select_smoothed(Context& context, const VectorSelector& selector, const Grid& grid) {
  return std::make_unique<SmoothedSelect>(context, selector, grid);
}

}  // namespace narthex::promql
