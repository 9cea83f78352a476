// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/merge_input.hpp"

#include <algorithm>
#include <functional>

namespace narthex::storage::partition {
namespace {

// Makes room for `rows` more samples with their times, starting at the returned place. Start times
// begin with the first entry that has some: what is before it has none.
template <class Value>
std::size_t extend(SampleColumn<Value>& column, std::span<const std::int64_t> times, bool starts) {
  const std::size_t at = column.size();
  const bool keeps_starts = starts || !column.starts.empty();
  column.times.insert(column.times.end(), times.begin(), times.end());
  column.values.resize(column.size());
  if (keeps_starts) column.starts.resize(column.size(), 0);
  return at;
}

bool ascends(std::span<const std::int64_t> times) {
  return std::ranges::adjacent_find(times, std::greater_equal<>()) == times.end();
}

}  // namespace

void MergedSamples::clear() {
  floats.clear();
  histograms.clear();
  memory = {};
}

SeriesSamples MergedSamples::view(Labels labels) const {
  SeriesSamples series;
  series.labels = labels;
  series.times = floats.times;
  series.values = floats.values;
  series.starts = floats.starts;
  series.histogram_times = histograms.times;
  series.histograms = histograms.values;
  series.histogram_starts = histograms.starts;
  return series;
}

fs::Status MergeInput::damaged(const std::string& what) const {
  return {EBADMSG, "merge (" + what + ")", table_->path()};
}

fs::Status MergeInput::read_next(MergedSamples& out) {
  const std::uint32_t ordinal = next++;
  const std::uint32_t group = table_->group_of(ordinal);
  if (group != group_) {
    if (fs::Status entered = enter_group(group); !entered.ok()) return entered;
  }
  const std::uint32_t slot = ordinal - table_->groups()[group].first_series;
  const std::size_t floats = out.floats.size();
  const std::size_t histograms = out.histograms.size();
  for (Page& page : pages_) {
    for (const column::PageEntry& entry : page.page->view.find(slot)) {
      const std::size_t floats_before = out.floats.size();
      const std::size_t histograms_before = out.histograms.size();
      Status read = read_entry(page, entry, out);
      if (read.ok() && !(ascends(std::span(out.floats.times).subspan(floats)) &&
                         ascends(std::span(out.histograms.times).subspan(histograms)))) {
        read = io_error("times do not ascend");
      }
      if (read.ok()) continue;
      if (on_damage_ == OnDamage::kFail) return damaged(read.message());
      out.floats.resize(floats_before);
      out.histograms.resize(histograms_before);
    }
  }
  if (tombstones_ == nullptr) return {};
  const auto ranges = tombstones_->of(ordinal);
  if (ranges.empty()) return {};
  drop_deleted(out.floats, floats, ranges);
  drop_deleted(out.histograms, histograms, ranges);
  return {};
}

fs::Status MergeInput::enter_group(std::uint32_t group) {
  group_ = NX_NONE;
  pages_.clear();
  for (std::uint32_t chunk = 0; chunk < table_->groups()[group].chunk_count; ++chunk) {
    auto page = table_->page(group, chunk);
    if (!page.ok() && on_damage_ == OnDamage::kLeaveOut && page.status().error() == EBADMSG) {
      continue;
    }
    if (!page.ok()) return page.status();
    pages_.push_back({*std::move(page), {}});
    pages_.back().times.resize(pages_.back().page->view.time_column_count());
  }
  group_ = group;
  return {};
}

Status MergeInput::read_entry(Page& page, const column::PageEntry& entry, MergedSamples& out) {
  const column::PageView& view = page.page->view;
  std::vector<std::int64_t>& all = page.times[entry.time_column];
  if (all.empty()) {
    all.resize(view.rows(entry.time_column));
    Status read = view.times(entry.time_column, 0, all.size(), all.data());
    if (!read.ok()) {
      all.clear();
      return read;
    }
  }
  const auto times = std::span<const std::int64_t>(all).subspan(entry.row0, entry.rows());
  Status read;
  std::int64_t* starts = nullptr;
  if (entry.histogram) {
    const std::size_t at = extend(out.histograms, times, entry.has_starts);
    const std::size_t rows = out.memory.rows.size();
    read = view.histograms(entry, entry.row0, entry.row1, out.memory);
    if (!read.ok()) return read;
    std::copy_n(out.memory.rows.begin() + static_cast<std::ptrdiff_t>(rows), entry.rows(),
                out.histograms.values.begin() + static_cast<std::ptrdiff_t>(at));
    if (entry.has_starts) starts = out.histograms.starts.data() + at;
  } else {
    const std::size_t at = extend(out.floats, times, entry.has_starts);
    read = view.values(entry, entry.row0, entry.row1, out.floats.values.data() + at);
    if (!read.ok()) return read;
    if (entry.has_starts) starts = out.floats.starts.data() + at;
  }
  return starts == nullptr ? read : view.starts(entry, entry.row0, entry.row1, starts);
}

}  // namespace narthex::storage::partition
