// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/found_cursor.hpp"

#include <narthex/sdk/text.hpp>

#include <utility>

namespace narthex::storage::remote {
namespace {

constexpr std::size_t kBlockSamples = 1 << 20;
constexpr std::size_t kBlockSeries = 16 << 10;

}  // namespace

FoundCursor::FoundCursor(std::unique_ptr<Found> found, const nx_scan_opts& options,
                         std::shared_ptr<SeriesIds> ids, std::shared_ptr<Interrupt> interrupt)
    : found_(std::move(found)),
      block_samples_(options.block_samples != 0 ? options.block_samples : kBlockSamples),
      series_ids_(std::move(ids)),
      interrupt_(std::move(interrupt)) {}

void FoundCursor::clear() {
  ids_.clear();
  offsets_.clear();
  row0_.clear();
  row1_.clear();
  h_.clear();
  label_ref_.clear();
  label_off_.assign(1, 0);
  t_.clear();
  v_.clear();
  symbols_.clear();
}

void FoundCursor::add_symbol(const std::string& text) {
  label_ref_.push_back(static_cast<std::uint32_t>(symbols_.size()));
  symbols_.push_back(to_nx(text));
}

void FoundCursor::add(const FoundSeries& series) {
  ids_.push_back(series_ids_->id_of(series.labels));
  offsets_.push_back(t_.size());
  row0_.push_back(0);
  row1_.push_back(static_cast<std::uint32_t>(series.t.size()));
  for (const auto& [name, value] : series.labels) {
    add_symbol(name);
    add_symbol(value);
  }
  label_off_.push_back(static_cast<std::uint32_t>(label_ref_.size() / 2));
  if (!series.h.empty() && h_.empty()) h_.assign(t_.size(), NX_NONE);
  t_.insert(t_.end(), series.t.begin(), series.t.end());
  v_.insert(v_.end(), series.v.begin(), series.v.end());
  if (!series.h.empty()) {
    h_.insert(h_.end(), series.h.begin(), series.h.end());
  } else if (!h_.empty()) {
    h_.resize(t_.size(), NX_NONE);
  }
}

nx_status FoundCursor::next(nx_block& out) {
  if (interrupt_->raised()) throw sdk::Error(NX_ERR_CANCELLED, "the query was cancelled");
  if (next_ == found_->series.size()) return NX_END;
  clear();
  // A whole series a block at least: what was answered is in memory anyway.
  for (; next_ < found_->series.size() && t_.size() < block_samples_ && ids_.size() < kBlockSeries;
       ++next_) {
    add(found_->series[next_]);
  }
  table_.struct_size = sizeof table_;
  table_.series_count = static_cast<std::uint32_t>(ids_.size());
  table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table_.symbols = symbols_.data();
  table_.label_ref = label_ref_.data();
  table_.label_off = label_off_.data();
  const std::uint32_t size = out.struct_size;
  out = nx_block{};
  out.struct_size = size;
  out.series_count = table_.series_count;
  out.hist_count = static_cast<std::uint32_t>(found_->histograms.size());
  out.sample_count = t_.size();
  out.series_id = ids_.data();
  out.off = offsets_.data();
  out.row0 = row0_.data();
  out.row1 = row1_.data();
  out.t = t_.data();
  out.v = v_.data();
  out.h = h_.empty() ? nullptr : h_.data();
  out.hists = found_->histograms.data();
  out.labels = &table_;
  return NX_OK;
}

}  // namespace narthex::storage::remote
