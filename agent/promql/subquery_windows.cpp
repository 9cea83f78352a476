// SPDX-License-Identifier: Apache-2.0
// The range vector that a subquery is: what its inner expression yielded, seen through windows.
#include "promql/operators.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

class SubqueryWindows final : public RangeStream {
 public:
  SubqueryWindows(Context& context, Held inner, const Grid& inner_grid, Column<std::int64_t> end_ms,
                  std::int64_t range_ms)
      : context_(context),
        inner_(std::move(inner)),
        inner_times_(inner_grid.times()),
        end_ms_(std::move(end_ms)),
        range_ms_(range_ms) {}

  bool next(RangeBlock& out) override;

 private:
  void add_series(std::size_t series);
  void count_samples(RangeBlock& out);
  void add_windows(const Column<std::int64_t>& t, std::size_t first, Column<std::uint32_t>& lo,
                   Column<std::uint32_t>& hi, std::uint32_t base) const;

  Context& context_;
  Held inner_;
  const Column<std::int64_t> inner_times_;
  const Column<std::int64_t> end_ms_;
  const std::int64_t range_ms_;
  std::size_t next_ = 0;
  Column<std::int64_t> t_, ht_;
  Column<double> v_;
  Column<const nx_histogram*> h_;
  Column<std::uint64_t> weights_until_;  // [i]: of the histograms before the i-th, together
  Column<std::uint64_t> off_;
  Column<std::uint32_t> lo_, hi_, hlo_, hhi_;
};

void SubqueryWindows::add_windows(const Column<std::int64_t>& t, std::size_t first,
                                  Column<std::uint32_t>& lo, Column<std::uint32_t>& hi,
                                  std::uint32_t base) const {
  std::size_t from = first;
  std::size_t until = first;
  for (const std::int64_t end : end_ms_) {
    while (until < t.size() && t[until] <= end) ++until;
    while (from < until && t[from] <= end - range_ms_) ++from;
    lo.push_back(static_cast<std::uint32_t>(from - first) + base);
    hi.push_back(static_cast<std::uint32_t>(until - first) + base);
  }
}

void SubqueryWindows::add_series(std::size_t series) {
  const Batch& batch = inner_.batch;
  const std::size_t floats = v_.size();
  const std::size_t histograms = h_.size();
  for (std::size_t k = 0; k < batch.step_count; ++k) {
    if (context_.stop_after(1)) return;
    const std::size_t i = series * batch.step_count + k;
    if (batch.present[i] == 0) continue;
    if (batch.histogram(i) != nullptr) {
      ht_.push_back(inner_times_[k]);
      h_.push_back(batch.h[i]);
      weights_until_.push_back(weights_until_.back() + sample_weight(*batch.h[i]));
    } else {
      t_.push_back(inner_times_[k]);
      v_.push_back(batch.v[i]);
    }
  }
  off_.push_back(floats);
  add_windows(t_, floats, lo_, hi_, 0);
  if (!batch.h.empty()) {
    add_windows(ht_, histograms, hlo_, hhi_, static_cast<std::uint32_t>(histograms));
  }
}

void SubqueryWindows::count_samples(RangeBlock& out) {
  const std::uint32_t steps = out.in.step_count;
  std::uint64_t* const by_step = context_.reads_by_step(steps);
  out.samples = 0;
  for (std::size_t w = 0; w < lo_.size(); ++w) {
    std::uint64_t samples = hi_[w] - lo_[w];
    if (!hlo_.empty()) samples += weights_until_[hhi_[w]] - weights_until_[hlo_[w]];
    out.samples += samples;
    if (by_step != nullptr) by_step[w % steps] += samples;
  }
  context_.count_read(out.samples, steps);
}

bool SubqueryWindows::next(RangeBlock& out) {
  const Batch& batch = inner_.batch;
  if (context_.stop() || next_ >= batch.series_count()) return false;
  t_.clear(), ht_.clear(), v_.clear(), h_.clear(), off_.clear();
  lo_.clear(), hi_.clear(), hlo_.clear(), hhi_.clear();
  weights_until_.assign(1, 0);
  out.labels.clear();
  out.drop_name.clear();
  const auto steps = static_cast<std::uint32_t>(end_ms_.size());
  const std::size_t last = std::min(batch.series_count(), next_ + series_per_batch(steps));
  for (; next_ < last; ++next_) {
    add_series(next_);
    if (context_.stop_after(end_ms_.size())) return false;
    out.labels.push_back(batch.labels[next_]);
    if (!batch.drop_name.empty()) out.drop_name.push_back(batch.drop_name[next_]);
  }
  out.in = {};
  nx_window_in& in = out.in;
  in.struct_size = sizeof in;
  in.series_count = static_cast<std::uint32_t>(out.labels.size());
  in.step_count = steps;
  in.n = std::uint64_t{in.series_count} * steps;
  in.lo = lo_.data();
  in.hi = hi_.data();
  in.win_stride = steps;
  in.t = t_.data();
  in.v = v_.data();
  in.off = off_.data();
  in.end_t = end_ms_.data();
  in.range_ms = range_ms_;
  if (!batch.h.empty()) {
    in.hlo = hlo_.data();
    in.hhi = hhi_.data();
    in.ht = ht_.data();
    in.h = h_.data();
  }
  count_samples(out);
  return true;
}

}  // namespace

RangePtr windows_over(Context& context, Held inner, const Grid& inner_grid,
                      Column<std::int64_t> end_ms, std::int64_t range_ms) {
  return std::make_unique<SubqueryWindows>(context, std::move(inner), inner_grid, std::move(end_ms),
                                           range_ms);
}

}  // namespace narthex::promql
