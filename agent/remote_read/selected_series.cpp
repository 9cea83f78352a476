// SPDX-License-Identifier: Apache-2.0
#include "remote_read/selected_series.hpp"

#include <utility>

namespace narthex::remote_read {

namespace {

// A reader that is slow holds no more than this in memory, some 2 MiB.
constexpr std::uint32_t kBlockSamples = 128 << 10;

}  // namespace

SelectedSeries::SelectedSeries(store::Querier querier, const ExternalLabels& external,
                               std::shared_ptr<runtime::Cancellation> cancellation)
    : external_(external), cancellation_(std::move(cancellation)), querier_(std::move(querier)) {}

Result<std::unique_ptr<SelectedSeries>> SelectedSeries::open(
    store::Store& store, const Selection& selection, std::uint32_t scan_flags,
    const ExternalLabels& external, std::shared_ptr<runtime::Cancellation> cancellation) {
  Result<store::Querier> querier = store.open(selection.min_t, selection.max_t);
  if (!querier.ok()) return querier.status();
  auto opened =
      std::make_unique<SelectedSeries>(*std::move(querier), external, std::move(cancellation));
  nx_scan_opts options = selection.hints;
  options.flags = NX_SCAN_SORTED | scan_flags;
  options.mint = selection.min_t;
  options.maxt = selection.max_t;
  options.block_samples = kBlockSamples;
  Result<store::Cursor> cursor = opened->querier_.select(selection.matchers, options);
  if (!cursor.ok()) return cursor.status();
  opened->cursor_ = std::make_unique<store::Cursor>(*std::move(cursor));
  if (opened->cancellation_ != nullptr) {
    opened->hook_ = opened->cancellation_->on_cancel([&q = opened->querier_] { q.cancel(); });
  }
  return opened;
}

bool SelectedSeries::fetch() {
  have_block_ = cursor_->next();
  series_ = 0;
  continues_ = have_block_ && (cursor_->block().flags & NX_BLOCK_CONTINUES) != 0;
  return have_block_;
}

bool SelectedSeries::next() {
  if (have_block_ && series_ + 1 < cursor_->block().series_count) {
    ++series_;
    continues_ = false;
  } else if (!fetch()) {
    return false;
  }
  merged_labels(cursor_->block(), series_, external_, labels_);
  return true;
}

blocks::SampleView SelectedSeries::samples() const { return samples_of(cursor_->block(), series_); }

const Status& SelectedSeries::status() const { return cursor_->status(); }

}  // namespace narthex::remote_read
