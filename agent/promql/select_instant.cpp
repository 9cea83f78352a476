// SPDX-License-Identifier: Apache-2.0
// Instant selectors: for every step the newest sample within the lookback.
#include "promql/joined_cursor.hpp"
#include "promql/operators.hpp"
#include "promql/reference_times.hpp"

#include <algorithm>
#include <optional>

namespace narthex::promql {

namespace {

class InstantSelect final : public Stream {
 public:
  InstantSelect(Context& context, const VectorSelector& selector, const Grid& grid,
                SelectValue value, const std::optional<TimeBounds>& bounds)
      : context_(context),
        selector_(selector),
        reference_(context, selector.shift, grid),
        times_(reference_.times()),
        steps_(grid.count),
        value_(value),
        bounds_(bounds) {}
  ~InstantSelect() override { context_.release(held_); }

  bool next(Batch& out) override;

 private:
  bool open();
  bool next_block();
  void find_shared(const nx_block& block);
  bool is_whole(const nx_block& block, std::uint32_t series) const;
  std::uint64_t take_whole(const nx_block& block, std::uint32_t series, double* v,
                           std::uint8_t* present) const;
  void find_own(const nx_block& block, std::uint32_t series);
  void add_series(const nx_block& block, std::uint32_t series, Batch& out);
  void put(const nx_block& block, std::uint64_t sample, std::int64_t t_ms, std::size_t element,
           Batch& out);

  Context& context_;
  const VectorSelector& selector_;
  const ReferenceTimes reference_;
  const Column<std::int64_t> times_;
  const std::uint32_t steps_;
  const SelectValue value_;
  const std::optional<TimeBounds> bounds_;
  std::unique_ptr<BlockCursor> cursor_;
  std::vector<Symbol> symbols_;    // of the block's table
  std::uint32_t next_series_ = 0;  // of the block
  bool have_block_ = false;
  std::uint64_t found_t_id_ = 0;
  Column<std::uint32_t> found_;  // [steps]: samples at or before the step
  // Of a shared time column: the sample that each step sees, and whether there is one (else row 0).
  Column<std::uint32_t> seen_;
  Column<std::uint8_t> sees_;
  std::uint64_t seen_count_ = 0;
  std::uint64_t last_histogram_ = ~std::uint64_t{0};
  const nx_histogram* last_copy_ = nullptr;
  std::uint64_t held_ = 0;
  MemoryCharge block_bytes_;
};

bool InstantSelect::open() {
  nx_scan_opts options{};
  options.struct_size = sizeof options;
  options.mint = reference_.first() - context_.options.lookback_ms + 1;
  options.maxt = reference_.last();
  if (bounds_) {
    options.mint = std::max(options.mint, bounds_->from_ms);
    options.maxt = std::min(options.maxt, bounds_->until_ms);
  }
  options.step_ms = reference_.grid.count > 1 ? reference_.grid.step_ms : 0;
  if (steps_ == 1 || reference_.fixed) options.flags |= NX_SCAN_LAST;
  cursor_ = select_blocks(context_, selector_.matchers, options);
  return cursor_ != nullptr;
}

bool InstantSelect::next_block() {
  if (context_.stop()) return false;
  if (!cursor_->next()) {
    const Status status = cursor_->status();
    return status.ok() ? false : context_.fail(status);
  }
  const nx_block& block = cursor_->block();
  if (!context_.intern(*block.labels, symbols_)) return false;
  next_series_ = 0;
  last_histogram_ = ~std::uint64_t{0};
  block_bytes_.set(bytes_of(block));
  if ((block.flags & NX_BLOCK_SHARED_T) != 0) find_shared(block);
  return have_block_ = true;
}

// How many samples of a time column are not after each step.
void count_until(const std::int64_t* t, std::uint32_t first, std::uint32_t last,
                 const Column<std::int64_t>& times, Column<std::uint32_t>& out) {
  out.resize(times.size());
  std::uint32_t k = first;
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (k < last && t[k] <= times[i]) ++k;
    out[i] = k;
  }
}

void InstantSelect::find_shared(const nx_block& block) {
  if (block.t_id != 0 && block.t_id == found_t_id_) return;
  count_until(block.t, 0, static_cast<std::uint32_t>(block.t_rows), times_, found_);
  found_t_id_ = block.t_id;
  seen_.assign(steps_, 0);
  sees_.assign(steps_, 0);
  seen_count_ = 0;
  for (std::uint32_t i = 0; i < steps_; ++i) {
    if (found_[i] == 0 || block.t[found_[i] - 1] <= times_[i] - context_.options.lookback_ms) {
      continue;
    }
    seen_[i] = found_[i] - 1;
    sees_[i] = 1;
    ++seen_count_;
  }
}

// Floats alone, at all times of the shared column.
bool InstantSelect::is_whole(const nx_block& block, std::uint32_t series) const {
  return (block.flags & NX_BLOCK_SHARED_T) != 0 && block.h == nullptr && block.t_rows > 0 &&
         value_ == SelectValue::kValue && block.row0[series] == 0 &&
         block.row1[series] == block.t_rows;
}

// Writes the elements of such a series; returns how many are there.
std::uint64_t InstantSelect::take_whole(const nx_block& block, std::uint32_t series, double* v,
                                        std::uint8_t* present) const {
  const double* samples = block.v + block.off[series];
  const std::uint32_t* seen = seen_.data();
  for (std::uint32_t i = 0; i < steps_; ++i) v[i] = samples[seen[i]];
  std::copy(sees_.begin(), sees_.end(), present);
  const bool may_be_stale =
      block.col_flags == nullptr || (block.col_flags[series] & NX_COL_STALE) != 0;
  if (seen_count_ == steps_ && !may_be_stale) return seen_count_;
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < steps_; ++i) {
    if (present[i] != 0 && is_stale(v[i])) present[i] = 0;
    if (present[i] == 0) v[i] = 0;
    count += present[i];
  }
  return count;
}

void InstantSelect::find_own(const nx_block& block, std::uint32_t series) {
  count_until(block.t + block.off[series], block.row0[series], block.row1[series], times_, found_);
  found_t_id_ = 0;
}

void InstantSelect::put(const nx_block& block, std::uint64_t sample, std::int64_t t_ms,
                        std::size_t element, Batch& out) {
  if (block.h != nullptr && block.h[sample] != NX_NONE) {
    const nx_histogram& histogram = block.hists[block.h[sample]];
    if (is_stale(histogram)) return;
    if (value_ != SelectValue::kTimestamp) {
      out.need_histograms();
      if (last_histogram_ != sample) last_copy_ = copy_as_float(histogram, context_.arena);
      last_histogram_ = sample;
      out.h[element] = last_copy_;
    }
  } else if (is_stale(block.v[sample])) {
    return;
  } else {
    out.v[element] = block.v[sample];
  }
  if (value_ != SelectValue::kValue) out.v[element] = static_cast<double>(t_ms) / 1000;
  out.present[element] = 1;
}

void InstantSelect::add_series(const nx_block& block, std::uint32_t series, Batch& out) {
  const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
  std::uint64_t* const by_step = context_.reads_by_step(steps_);
  const bool whole = by_step == nullptr && is_whole(block, series);
  if (!shared) find_own(block, series);
  const std::uint64_t off = block.off[series];
  const std::int64_t* t = shared ? block.t : block.t + off;
  const std::int64_t lookback = context_.options.lookback_ms;
  const std::size_t first = out.add(context_.labels.add(*block.labels, series, symbols_));
  std::uint64_t count = whole ? take_whole(block, series, &out.v[first], &out.present[first]) : 0;
  for (std::uint32_t i = 0; i < steps_ && !whole; ++i) {
    const std::uint32_t until = std::min(found_[i], block.row1[series]);
    if (until <= block.row0[series]) continue;
    const std::uint32_t k = until - 1;
    if (t[k] <= times_[i] - lookback) continue;
    put(block, off + k, t[k], first + i, out);
    if (out.present[first + i] == 0) continue;
    const nx_histogram* h = out.histogram(first + i);
    const std::uint64_t weight = h == nullptr ? 1 : sample_weight(*h);
    count += weight;
    if (by_step != nullptr) by_step[i] += weight;
  }
  if (count == 0) {
    out.labels.pop_back();
    out.v.resize(first);
    out.present.resize(first);
    if (!out.h.empty()) out.h.resize(first);
    return;
  }
  held_ += count;
  context_.count_read(count, steps_);
}

bool InstantSelect::next(Batch& out) {
  context_.release(held_);
  held_ = 0;
  out.clear(steps_);
  if (cursor_ == nullptr && !open()) return false;
  const std::size_t wanted = series_per_batch(steps_);
  while (out.series_count() < wanted && !context_.stop()) {
    if (!have_block_ && !next_block()) break;
    const nx_block& block = cursor_->block();
    if (out.series_count() == 0) {
      out.reserve(std::min<std::size_t>(wanted, block.series_count - next_series_));
    }
    while (next_series_ < block.series_count && out.series_count() < wanted) {
      add_series(block, next_series_++, out);
      if (context_.stop_after(kWorkOfLabels + steps_)) return false;
    }
    have_block_ = next_series_ < block.series_count;
  }
  return !context_.failed() && out.series_count() > 0 && context_.hold(held_);
}

}  // namespace

StreamPtr select_instant(Context& context, const VectorSelector& selector, const Grid& grid,
                         SelectValue value) {
  return std::make_unique<InstantSelect>(context, selector, grid, value, std::nullopt);
}

StreamPtr select_instant(Context& context, const VectorSelector& selector, const Grid& grid,
                         SelectValue value, const TimeBounds& bounds) {
  return std::make_unique<InstantSelect>(context, selector, grid, value, bounds);
}

}  // namespace narthex::promql
