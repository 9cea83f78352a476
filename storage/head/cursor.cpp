// SPDX-License-Identifier: Apache-2.0
#include "storage/head/cursor.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace narthex::storage::head {
namespace {

// Series copied under one hold of the commit lock: some tens of microseconds.
constexpr std::size_t kSliceSeries = 256;
constexpr std::size_t kLabelSeries = 4096;  // of a block without samples
// A block that stays in the cache of a core costs its consumer least.
constexpr std::size_t kDefaultBlockSamples = std::size_t{1} << 17;
constexpr std::size_t kDefaultMinSeries = 16;

// What is worth a second thread: to wake one costs as much as to read some 20,000 samples.
constexpr std::size_t kDividedSeriesMin = 8;
constexpr std::size_t kDividedSamplesMin = std::size_t{1} << 16;

bool has(const nx_scan_opts& opts, std::uint32_t flag) { return (opts.flags & flag) != 0; }

ReadRange range_of(const QueryState& state, const nx_scan_opts& opts) {
  return {std::max(state.min_t, opts.mint),
          std::min(state.max_t, opts.maxt),
          state.sequence,
          has(opts, NX_SCAN_LAST) || has(opts, NX_SCAN_NO_SAMPLES),
          has(opts, NX_SCAN_DROP_STALE),
          has(opts, NX_SCAN_START_TIME)};
}

std::unique_ptr<ArchiveReader> archive_reader(QueryState& state, const ReadRange& range) {
  if (state.archive == nullptr || !state.archive->overlaps()) return nullptr;
  return state.archive->reader({range.min_t, range.max_t, range.last_only, range.start_times});
}

// Of a series, or as many as cost what else there is to do for it.
std::size_t samples_expected(const ReadRange& range) {
  constexpr std::uint64_t kUsualIntervalMs = 15'000;
  constexpr std::uint64_t kLeast = 64;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
  if (range.last_only || range.max_t <= range.min_t) return kLeast;
  // The difference may be more than a signed number holds.
  const std::uint64_t span =
      static_cast<std::uint64_t>(range.max_t) - static_cast<std::uint64_t>(range.min_t);
  return std::clamp(span / kUsualIntervalMs, kLeast, kMost);
}

void check(const QueryState& state) {
  if (state.cancelled) throw sdk::Error(NX_ERR_CANCELLED, "the query was cancelled");
}

// Looks at whether the query goes on now and then: sorting a million series takes most of a second.
class Pace {
 public:
  explicit Pace(const QueryState& state) : state_(state) {}
  void step() {
    if (++steps_ % kStepsPerLook == 0) check(state_);
  }

 private:
  static constexpr std::size_t kStepsPerLook = 4096;

  const QueryState& state_;
  std::size_t steps_ = 0;
};

BlockShape shape_of(const nx_scan_opts& opts) {
  return {opts.block_samples != 0 ? opts.block_samples : kDefaultBlockSamples,
          opts.min_series != 0 ? opts.min_series : kDefaultMinSeries,
          has(opts, NX_SCAN_LAST),
          has(opts, NX_SCAN_DROP_STALE),
          has(opts, NX_SCAN_START_TIME),
          !has(opts, NX_SCAN_NO_LABELS)};
}

}  // namespace

Cursor::Cursor(QueryState& state, const index::Ids& ids, const nx_scan_opts& opts)
    : state_(state),
      opts_(opts),
      reader_(range_of(state, opts)),
      archive_(archive_reader(state, reader_.range())),
      builder_(shape_of(opts), state.hold, state.time_columns, archive_.get()),
      left_(opts.limit_series != 0 ? opts.limit_series : UINT64_MAX) {
  find_series(ids);
  if (has(opts, NX_SCAN_SORTED)) {
    Pace pace(state_);
    std::sort(series_.begin(), series_.end(), [&](const Series* a, const Series* b) {
      pace.step();
      return label_order(*a, *b);
    });
  } else if (!has(opts, NX_SCAN_NO_SAMPLES)) {
    order_by_place();
  }
}

Cursor::Cursor(const Cursor& whole, std::vector<const Series*> series)
    : state_(whole.state_),
      opts_(whole.opts_),
      series_(std::move(series)),
      reader_(whole.reader_.range()),
      archive_(archive_reader(state_, reader_.range())),
      builder_(shape_of(opts_), state_.hold, state_.time_columns, archive_.get()),
      left_(whole.left_) {}

void Cursor::find_series(const index::Ids& ids) {
  series_.reserve(ids.size());
  Pace pace(state_);
  for (const std::uint32_t id : ids) {
    pace.step();
    const Series* series = state_.core.index.series(id);
    if (series == nullptr) continue;
    if (opts_.shard_count > 1 && series->id() % opts_.shard_count != opts_.shard_index) continue;
    series_.push_back(series);
  }
}

// Series of one page, and of one group, next to each other in its order: they share times, and
// pages and tiles are read forward. Others keep their order.
void Cursor::order_by_place() {
  struct Place {
    std::uint64_t archived;
    std::uint64_t group;
    std::uint32_t slot;
    const Series* series;
  };
  std::vector<Place> places;
  places.reserve(series_.size());
  bool any_group = archive_ != nullptr;
  for (std::size_t first = 0; first < series_.size(); first += kSliceSeries) {
    check(state_);
    const std::lock_guard lock(state_.core.commit_mutex);
    if (archive_ != nullptr && first == 0) archive_->refresh();
    const std::size_t last = std::min(series_.size(), first + kSliceSeries);
    for (std::size_t i = first; i < last; ++i) {
      const Membership home = series_[i]->home();
      any_group = any_group || home.group != nullptr;
      places.push_back({archive_ != nullptr ? archive_->place_of(*series_[i]) : UINT64_MAX,
                        home.group != nullptr ? home.group->id() : UINT64_MAX, home.slot,
                        series_[i]});
    }
  }
  if (!any_group) return;
  Pace pace(state_);
  std::stable_sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    pace.step();
    return std::tie(a.archived, a.group, a.slot) < std::tie(b.archived, b.group, b.slot);
  });
  for (std::size_t i = 0; i < places.size(); ++i) series_[i] = places[i].series;
}

void Cursor::copy_slice() {
  reader_.clear();
  next_copied_ = 0;
  const std::size_t last = std::min(series_.size(), next_series_ + kSliceSeries);
  const std::lock_guard lock(state_.core.commit_mutex);
  if (archive_ != nullptr) archive_->refresh();
  for (; next_series_ < last; ++next_series_) {
    if (next_series_ + 4 < last) __builtin_prefetch(series_[next_series_ + 4]->own.get());
    const Series& series = *series_[next_series_];
    reader_.copy(series, archive_ != nullptr && archive_->may_hold(series));
  }
  copied_end_ = reader_.copied().size();
}

void Cursor::fill() {
  while (!builder_.full() && left_ > 0) {
    check(state_);
    if (next_copied_ == copied_end_) {
      if (next_series_ == series_.size()) return;
      copy_slice();
      continue;
    }
    const std::size_t before = builder_.series_count();
    if (!builder_.add(reader_, reader_.copied()[next_copied_])) return;
    ++next_copied_;
    left_ -= builder_.series_count() - before;
  }
}

void Cursor::fill_labels() {
  while (builder_.series_count() < kLabelSeries && left_ > 0) {
    check(state_);
    if (next_copied_ == copied_end_) {
      if (next_series_ == series_.size()) return;
      copy_slice();
      continue;
    }
    if (reader_.has_samples(reader_.copied()[next_copied_])) {
      builder_.add_labels(*reader_.copied()[next_copied_].series);
      --left_;
    }
    ++next_copied_;
  }
}

std::unique_ptr<sdk::StorageCursor> Cursor::split() {
  if (has(opts_, NX_SCAN_SORTED) || has(opts_, NX_SCAN_NO_SAMPLES) || opts_.limit_series != 0) {
    return nullptr;
  }
  const std::size_t copied = copied_end_ - next_copied_;
  const std::size_t left = copied + series_.size() - next_series_;
  if (left < kDividedSeriesMin || left * samples_expected(reader_.range()) < kDividedSamplesMin) {
    return nullptr;
  }
  const std::size_t kept = left - left / 2;
  const std::size_t kept_copied = next_copied_ + std::min(kept, copied);
  std::vector<const Series*> half;
  for (std::size_t i = kept_copied; i < copied_end_; ++i) {
    half.push_back(reader_.copied()[i].series);
  }
  copied_end_ = kept_copied;
  const auto first = series_.begin() + static_cast<std::ptrdiff_t>(
                                           next_series_ + (kept > copied ? kept - copied : 0));
  half.insert(half.end(), first, series_.end());
  series_.erase(first, series_.end());
  return std::unique_ptr<sdk::StorageCursor>(new Cursor(*this, std::move(half)));
}

nx_status Cursor::next(nx_block& out) {
  builder_.begin(copied_end_ - next_copied_ + series_.size() - next_series_);
  if (has(opts_, NX_SCAN_NO_SAMPLES)) {
    fill_labels();
  } else {
    fill();
  }
  if (builder_.empty()) return NX_END;
  builder_.publish(out);
  return NX_OK;
}

}  // namespace narthex::storage::head
