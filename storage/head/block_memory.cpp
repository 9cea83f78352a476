// SPDX-License-Identifier: Apache-2.0
#include "storage/head/block_memory.hpp"

#include <narthex/sdk/text.hpp>

#include <utility>

namespace narthex::storage::head {

void LabelTable::clear() {
  symbols_.clear();
  symbol_ids_.clear();
  refs_.clear();
  offsets_.assign(1, 0);
  before_ = nullptr;
}

// Neighbours share most pairs at the same places, so symbols are reused without a lookup.
void LabelTable::add(const Series& series) {
  const auto symbol = [&](std::string_view text, std::uint32_t id) {
    symbols_.push_back(to_nx(text));
    symbol_ids_.push_back(id);
    return static_cast<std::uint32_t>(symbols_.size() - 1);
  };
  const std::size_t before_first = offsets_.size() > 1 ? offsets_[offsets_.size() - 2] : 0;
  for (std::size_t i = 0; i < series.pairs().size(); ++i) {
    const index::Pair* pair = series.pairs()[i];
    const index::Pair* known =
        before_ != nullptr && i < before_->pairs().size() ? before_->pairs()[i] : nullptr;
    const std::size_t known_at = 2 * (before_first + i);
    const bool same_name = known != nullptr && known->name_symbol == pair->name_symbol;
    const std::uint32_t name = same_name ? refs_[known_at] : symbol(pair->name, pair->name_symbol);
    const std::uint32_t value =
        known == pair ? refs_[known_at + 1] : symbol(pair->value, pair->value_symbol);
    refs_.push_back(name);
    refs_.push_back(value);
  }
  offsets_.push_back(static_cast<std::uint32_t>(refs_.size() / 2));
  before_ = &series;
}

const nx_series_table* LabelTable::view() {
  table_.struct_size = sizeof table_;
  table_.series_count = static_cast<std::uint32_t>(offsets_.size() - 1);
  table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table_.symbols = symbols_.data();
  table_.label_ref = refs_.data();
  table_.label_off = offsets_.data();
  table_.symbol_id = symbol_ids_.data();
  return &table_;
}

BlockMemory::BlockMemory(std::shared_ptr<const index::EpochHold> hold) : hold_(std::move(hold)) {
  buffer_.priv = this;
  buffer_.retain = [](nx_buffer* self) {
    static_cast<BlockMemory*>(self->priv)->references_.fetch_add(1, std::memory_order_relaxed);
  };
  buffer_.release = [](nx_buffer* self) { static_cast<BlockMemory*>(self->priv)->release(); };
  labels.clear();
}

BlockMemory* BlockMemory::make(std::shared_ptr<const index::EpochHold> hold) {
  return new BlockMemory(std::move(hold));  // released by its last reference
}

void BlockMemory::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void BlockMemory::clear() {
  series_ids.clear();
  offsets.clear();
  row0.clear();
  row1.clear();
  flags.clear();
  times.clear();
  values.clear();
  starts.clear();
  histogram.clear();
  histograms.clear();
  histogram_refs.clear();
  labels.clear();
}

void BlockMemory::publish(nx_block& out, bool with_labels, bool shared_times, std::uint64_t t_id) {
  buffer_.data = values.data();
  buffer_.size = values.size() * sizeof(double);
  out.flags = shared_times ? std::uint32_t{NX_BLOCK_SHARED_T} : 0u;
  out.series_count = static_cast<std::uint32_t>(series_ids.size());
  out.hist_count = static_cast<std::uint32_t>(histograms.size());
  out.sample_count = 0;
  for (std::size_t s = 0; s < row0.size(); ++s) out.sample_count += row1[s] - row0[s];
  out.series_id = series_ids.data();
  out.off = offsets.data();
  out.row0 = row0.data();
  out.row1 = row1.data();
  out.col_flags = flags.data();
  out.t_rows = shared_times ? times.size() : 0;
  out.t_id = shared_times ? t_id : 0;
  out.t = times.data();
  out.v = reinterpret_cast<const double*>(values.data());
  out.st = starts.empty() ? nullptr : starts.data();
  out.h = histogram.empty() ? nullptr : histogram.data();
  out.hists = histograms.empty() ? nullptr : histograms.data();
  out.labels = with_labels ? labels.view() : nullptr;
  out.owner = &buffer_;
}

}  // namespace narthex::storage::head
