// SPDX-License-Identifier: Apache-2.0
// `metric smoothed`: the value on the line between the samples around each step. Within the
// lookback on either side; without a sample behind the step it is the last one before it.
#include "promql/operators.hpp"

namespace narthex::promql {

namespace {

class SmoothedSelect final : public Stream {
 public:
  SmoothedSelect(Context& context, const VectorSelector& selector, const Grid& grid)
      : matrix_(const_cast<VectorSelector*>(&selector), selector.position) {
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
      for (std::uint32_t step = 0; step < in.step_count; ++step) put(s, step, out);
    }
    return true;
  }

 private:
  void put(std::uint32_t series, std::uint32_t step, Batch& out) const {
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

  MatrixSelector matrix_;
  RangePtr windows_;
  RangeBlock block_;
};

}  // namespace

StreamPtr select_smoothed(Context& context, const VectorSelector& selector, const Grid& grid) {
  return std::make_unique<SmoothedSelect>(context, selector, grid);
}

}  // namespace narthex::promql
