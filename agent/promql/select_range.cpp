// SPDX-License-Identifier: Apache-2.0
// Range selectors: blocks of samples with the window that every step sees, (end - range, end].
//
// Series that share a time column share their windows: they are found once a column. Blocks with
// histograms are taken apart first, floats and histograms into columns of their own.
#include "promql/joined_cursor.hpp"
#include "promql/operators.hpp"
#include "promql/reference_times.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

struct Windows {
  Column<std::uint32_t> lo;
  Column<std::uint32_t> hi;
};

// Appends the windows over t[first .. last) for ascending ends.
void append_windows(const std::int64_t* t, std::uint32_t first, std::uint32_t last,
                    const Column<std::int64_t>& end_ms, std::int64_t range_ms, Windows& out) {
  std::uint32_t lo = first;
  std::uint32_t hi = first;
  for (const std::int64_t end : end_ms) {
    while (hi < last && t[hi] <= end) ++hi;
    while (lo < hi && t[lo] <= end - range_ms) ++lo;
    out.lo.push_back(lo);
    out.hi.push_back(hi);
  }
}

// The same for anchored and smoothed selectors. A window reaches back for the newest sample at or
// before its start, no further than the lookback; a smoothed one also on to the first sample at or
// behind its end. Where nothing lies behind the start, the last two samples before it are seen: so
// the reference has it.
void append_extended_windows(const std::int64_t* t, std::uint32_t first, std::uint32_t last,
                             const Column<std::int64_t>& end_ms, std::int64_t range_ms,
                             std::int64_t lookback_ms, bool smoothed, Windows& out) {
  for (const std::int64_t end : end_ms) {
    const std::int64_t start = end - range_ms;
    const auto after = [&](std::int64_t time) {
      return static_cast<std::uint32_t>(std::upper_bound(t + first, t + last, time) - t);
    };
    const std::uint32_t lo = after(start - lookback_ms);
    const std::uint32_t hi = after(smoothed ? end + lookback_ms : end);
    if (lo == hi) {
      out.lo.push_back(lo);
      out.hi.push_back(hi);
      continue;
    }
    const std::uint32_t inside = std::min(after(start), hi - 1);
    const std::uint32_t reached = std::min(after(end - 1), hi - 1);
    out.lo.push_back(inside > lo ? inside - 1 : lo);
    out.hi.push_back(smoothed ? reached + 1 : hi);
  }
}

class RangeSelect final : public RangeStream {
 public:
  RangeSelect(Context& context, const MatrixSelector& matrix, const Grid& grid)
      : context_(context),
        matrix_(matrix),
        reference_(context, matrix.selector->shift, grid),
        end_ms_(reference_.times()),
        range_ms_(range_of(context, matrix)),
        mode_(matrix.selector->mode),
        steps_(grid.count) {}
  ~RangeSelect() override { context_.release(held_); }

  bool next(RangeBlock& out) override;

 private:
  bool open();
  bool next_block();
  void slice(const nx_block& block, std::uint32_t first, std::uint32_t count, RangeBlock& out);
  void slice_floats(const nx_block& block, std::uint32_t first, std::uint32_t count,
                    RangeBlock& out);
  void slice_extended(const nx_block& block, std::uint32_t first, std::uint32_t count,
                      RangeBlock& out);
  void slice_mixed(const nx_block& block, std::uint32_t first, std::uint32_t count,
                   RangeBlock& out);
  void share_windows(const nx_block& block);
  void add_windows(const std::int64_t* t, std::uint32_t first, std::uint32_t last,
                   Windows& out) const;
  bool rows_are_full(const nx_block& block, std::uint32_t first, std::uint32_t count) const;
  void count_samples(RangeBlock& out);

  Context& context_;
  const MatrixSelector& matrix_;
  const ReferenceTimes reference_;
  const Column<std::int64_t> end_ms_;
  const std::int64_t range_ms_;
  const RangeMode mode_;
  const std::uint32_t steps_;
  std::unique_ptr<BlockCursor> cursor_;
  std::vector<Symbol> symbols_;
  std::uint32_t next_series_ = 0;
  bool have_block_ = false;

  Windows shared_;  // of the time column with the id below
  std::uint64_t shared_t_id_ = 0;
  bool have_shared_ = false;
  Windows windows_;  // of the current slice
  Windows histogram_windows_;
  Column<std::int64_t> t_, ht_;
  Column<double> v_;
  Column<const nx_histogram*> h_;
  Column<std::uint64_t> weights_until_;  // [i]: of the histograms before the i-th, together
  Column<std::uint64_t> off_;
  std::uint64_t held_ = 0;
  MemoryCharge block_bytes_;
};

bool RangeSelect::open() {
  nx_scan_opts options{};
  options.struct_size = sizeof options;
  options.flags = NX_SCAN_DROP_STALE;
  options.mint = reference_.first() - range_ms_ + 1;
  options.maxt = reference_.last();
  if (mode_ != RangeMode::kPlain) options.mint -= context_.options.lookback_ms;
  if (mode_ == RangeMode::kSmoothed) options.maxt += context_.options.lookback_ms;
  options.step_ms = reference_.grid.count > 1 ? reference_.grid.step_ms : 0;
  options.range_ms = range_ms_;
  cursor_ = select_blocks(context_, matrix_.selector->matchers, options);
  return cursor_ != nullptr;
}

bool RangeSelect::next_block() {
  if (context_.stop()) return false;
  if (!cursor_->next()) {
    const Status status = cursor_->status();
    return status.ok() ? false : context_.fail(status);
  }
  const nx_block& block = cursor_->block();
  if (!context_.intern(*block.labels, symbols_)) return false;
  next_series_ = 0;
  block_bytes_.set(bytes_of(block));
  if (block.t_id == 0 || block.t_id != shared_t_id_) have_shared_ = false;
  return have_block_ = true;
}

void RangeSelect::share_windows(const nx_block& block) {
  if (have_shared_) return;
  shared_.lo.clear();
  shared_.hi.clear();
  append_windows(block.t, 0, static_cast<std::uint32_t>(block.t_rows), end_ms_, range_ms_, shared_);
  shared_t_id_ = block.t_id;
  have_shared_ = true;
}

// Those over t[first .. last), as the selector's mode has them.
void RangeSelect::add_windows(const std::int64_t* t, std::uint32_t first, std::uint32_t last,
                              Windows& out) const {
  if (mode_ == RangeMode::kPlain) return append_windows(t, first, last, end_ms_, range_ms_, out);
  append_extended_windows(t, first, last, end_ms_, range_ms_, context_.options.lookback_ms,
                          mode_ == RangeMode::kSmoothed, out);
}

bool RangeSelect::rows_are_full(const nx_block& block, std::uint32_t first,
                                std::uint32_t count) const {
  for (std::uint32_t s = first; s < first + count; ++s) {
    if (block.row0[s] != 0 || block.row1[s] != block.t_rows) return false;
  }
  return true;
}

void RangeSelect::slice_floats(const nx_block& block, std::uint32_t first, std::uint32_t count,
                               RangeBlock& out) {
  nx_window_in& in = out.in;
  in.v = block.v;
  in.off = block.off + first;
  in.t = block.t;
  in.t_id = block.t_id;
  in.col_flags = block.col_flags != nullptr ? block.col_flags + first : nullptr;
  windows_.lo.clear();
  windows_.hi.clear();
  const bool shared_t = (block.flags & NX_BLOCK_SHARED_T) != 0;
  if (shared_t) {
    in.flags |= NX_WINDOW_SHARED_T;
    share_windows(block);
    if (rows_are_full(block, first, count)) {
      in.flags |= NX_WINDOW_SHARED_STEPS;
      in.win_stride = 0;
      in.lo = shared_.lo.data();
      in.hi = shared_.hi.data();
      return;
    }
  }
  for (std::uint32_t s = first; s < first + count; ++s) {
    if (context_.stop_after(2 * steps_ + block.row1[s] - block.row0[s])) return;
    if (!shared_t) {
      append_windows(block.t + block.off[s], block.row0[s], block.row1[s], end_ms_, range_ms_,
                     windows_);
      continue;
    }
    for (std::uint32_t i = 0; i < steps_; ++i) {
      windows_.lo.push_back(std::clamp(shared_.lo[i], block.row0[s], block.row1[s]));
      windows_.hi.push_back(std::clamp(shared_.hi[i], block.row0[s], block.row1[s]));
    }
  }
  in.win_stride = steps_;
  in.lo = windows_.lo.data();
  in.hi = windows_.hi.data();
}

void RangeSelect::slice_extended(const nx_block& block, std::uint32_t first, std::uint32_t count,
                                 RangeBlock& out) {
  nx_window_in& in = out.in;
  in.v = block.v;
  in.off = block.off + first;
  in.t = block.t;
  in.t_id = block.t_id;
  const bool shared_t = (block.flags & NX_BLOCK_SHARED_T) != 0;
  if (shared_t) in.flags |= NX_WINDOW_SHARED_T;
  windows_.lo.clear();
  windows_.hi.clear();
  for (std::uint32_t s = first; s < first + count; ++s) {
    if (context_.stop_after(kWorkOfWindow * steps_)) return;
    const std::int64_t* t = shared_t ? block.t : block.t + block.off[s];
    add_windows(t, block.row0[s], block.row1[s], windows_);
  }
  in.win_stride = steps_;
  in.lo = windows_.lo.data();
  in.hi = windows_.hi.data();
}

void RangeSelect::slice_mixed(const nx_block& block, std::uint32_t first, std::uint32_t count,
                              RangeBlock& out) {
  const bool shared_t = (block.flags & NX_BLOCK_SHARED_T) != 0;
  t_.clear(), v_.clear(), ht_.clear(), h_.clear(), off_.clear();
  weights_until_.assign(1, 0);
  for (Windows* w : {&windows_, &histogram_windows_}) w->lo.clear(), w->hi.clear();
  for (std::uint32_t s = first; s < first + count; ++s) {
    const std::uint64_t base = block.off[s];
    const std::int64_t* t = shared_t ? block.t : block.t + base;
    const auto floats_before = v_.size();
    const auto histograms_before = static_cast<std::uint32_t>(h_.size());
    for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
      const std::uint32_t index = block.h[base + k];
      if (context_.stop_after(index == NX_NONE ? 1 : kWorkOfHistogram)) return;
      if (index == NX_NONE) {
        t_.push_back(t[k]);
        v_.push_back(block.v[base + k]);
      } else {
        ht_.push_back(t[k]);
        h_.push_back(copy_as_float(block.hists[index], context_.arena));
        weights_until_.push_back(weights_until_.back() + sample_weight(*h_.back()));
      }
    }
    off_.push_back(floats_before);
    if (context_.stop_after(mode_ == RangeMode::kPlain ? steps_ : kWorkOfWindow * steps_)) return;
    add_windows(t_.data() + floats_before, 0, static_cast<std::uint32_t>(v_.size() - floats_before),
                windows_);
    add_windows(ht_.data(), histograms_before, static_cast<std::uint32_t>(h_.size()),
                histogram_windows_);
  }
  nx_window_in& in = out.in;
  in.v = v_.data();
  in.t = t_.data();
  in.off = off_.data();
  in.win_stride = steps_;
  in.lo = windows_.lo.data();
  in.hi = windows_.hi.data();
  in.hlo = histogram_windows_.lo.data();
  in.hhi = histogram_windows_.hi.data();
  in.ht = ht_.data();
  in.h = h_.data();
}

void RangeSelect::count_samples(RangeBlock& out) {
  const nx_window_in& in = out.in;
  out.samples = 0;
  std::uint64_t* const by_step = context_.reads_by_step(steps_);
  if (in.win_stride == 0 && in.hlo == nullptr && by_step == nullptr) {
    for (std::uint32_t i = 0; i < steps_; ++i) out.samples += in.hi[i] - in.lo[i];
    out.samples *= in.series_count;
    return;
  }
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    for (std::uint32_t i = 0; i < steps_; ++i) {
      const std::uint64_t w = in.win_stride * s + i;
      std::uint64_t samples = in.hi[w] - in.lo[w];
      const std::uint64_t hw = std::uint64_t{steps_} * s + i;
      if (in.hlo != nullptr) samples += weights_until_[in.hhi[hw]] - weights_until_[in.hlo[hw]];
      out.samples += samples;
      if (by_step != nullptr) by_step[i] += samples;
    }
  }
}

void RangeSelect::slice(const nx_block& block, std::uint32_t first, std::uint32_t count,
                        RangeBlock& out) {
  out.in = {};
  nx_window_in& in = out.in;
  in.struct_size = sizeof in;
  in.series_count = count;
  in.step_count = steps_;
  in.n = std::uint64_t{count} * steps_;
  in.end_t = end_ms_.data();
  in.range_ms = range_ms_;
  out.drop_name.clear();
  out.labels.clear();
  out.held = 0;
  for (std::uint32_t s = first; s < first + count; ++s) {
    if (context_.stop_after(kWorkOfLabels)) return;
    out.labels.push_back(context_.labels.add(*block.labels, s, symbols_));
    out.held += block.row1[s] - block.row0[s];
  }
  if (mode_ == RangeMode::kAnchored) in.flags |= NX_WINDOW_ANCHORED;
  if (mode_ == RangeMode::kSmoothed) in.flags |= NX_WINDOW_SMOOTHED;
  if (block.h != nullptr) {
    slice_mixed(block, first, count, out);
  } else if (mode_ != RangeMode::kPlain) {
    slice_extended(block, first, count, out);
  } else {
    slice_floats(block, first, count, out);
  }
  if (!context_.failed()) count_samples(out);
}

bool RangeSelect::next(RangeBlock& out) {
  context_.release(held_);
  held_ = 0;
  if (cursor_ == nullptr && !open()) return false;
  if (!have_block_ && !next_block()) return false;
  if (context_.stop()) return false;
  const nx_block& block = cursor_->block();
  const auto count = static_cast<std::uint32_t>(
      std::min<std::size_t>(block.series_count - next_series_, series_per_batch(steps_)));
  slice(block, next_series_, count, out);
  if (context_.failed()) return false;
  next_series_ += count;
  have_block_ = next_series_ < block.series_count;
  context_.count_read(out.samples, steps_);
  held_ = out.held;
  return context_.hold(held_);
}

}  // namespace

RangePtr select_range(Context& context, const MatrixSelector& matrix, const Grid& grid) {
  return std::make_unique<RangeSelect>(context, matrix, grid);
}

}  // namespace narthex::promql
