// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/flush.hpp"

#include "storage/head/freeze.hpp"
#include "storage/tsdb/placement.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::storage::tsdb {
namespace {

constexpr std::size_t kSliceSeries = 256;

head::ReadRange everything() { return {INT64_MIN + 1, INT64_MAX, UINT64_MAX, false, false, true}; }

template <class T>
std::span<const T> part(const std::vector<T>& column, std::size_t from, std::size_t to) {
  return column.empty() ? std::span<const T>() : std::span(column).subspan(from, to - from);
}

std::size_t until(const std::vector<std::int64_t>& times, std::size_t from, std::int64_t end) {
  return static_cast<std::size_t>(
      std::lower_bound(times.begin() + static_cast<std::ptrdiff_t>(from), times.end(), end) -
      times.begin());
}

}  // namespace

Flush::Flush(head::Core& core, fs::FileSystem& files, partition::Catalogue& catalogue,
             TableArchive& archive, const partition::TableOptions& options)
    : core_(core),
      files_(files),
      catalogue_(catalogue),
      archive_(archive),
      options_(options),
      sequence_(catalogue.next_sequence()) {}

Flush::~Flush() {
  if (phase_ != Phase::kWrite && phase_ != Phase::kFinish) return;
  discard_tables();
  head::thaw_groups(core_);
  const index::EpochHold hold(core_.epochs);
  for (std::size_t first = 0; first < ids_.size(); first += kSliceSeries) {
    const std::lock_guard lock(core_.commit_mutex);
    for (std::size_t i = first; i < std::min(ids_.size(), first + kSliceSeries); ++i) {
      head::Series* series = core_.index.series(ids_[i]);
      if (series != nullptr) head::thaw(core_, *series);
    }
  }
}

fs::Result<Flush::Progress> Flush::step(const std::function<bool()>& should_pause) {
  if (phase_ == Phase::kMark) mark();
  while (phase_ == Phase::kWrite) {
    if (next_ == ids_.size()) {
      phase_ = Phase::kFinish;
      break;
    }
    const fs::Status written = write_slice();
    if (!written.ok()) return written;
    if (should_pause()) return Progress::kMore;
  }
  if (phase_ == Phase::kFinish) {
    const fs::Status finished = finish_tables();
    if (!finished.ok()) return finished;
    show();
    phase_ = Phase::kDrop;
    next_ = 0;
  }
  while (phase_ == Phase::kDrop) {
    if (next_ == ids_.size()) {
      head::drop_frozen_groups(core_);
      core_.epochs.collect();
      phase_ = Phase::kDone;
      break;
    }
    drop_slice();
  }
  return Progress::kDone;
}

void Flush::mark() {
  ids_ = series_to_flush(core_);
  head::freeze_groups(core_);
  phase_ = Phase::kWrite;
}

fs::Status Flush::write_slice() {
  const index::EpochHold hold(core_.epochs);
  head::SeriesReader reader(everything());
  const std::size_t last = std::min(ids_.size(), next_ + kSliceSeries);
  {
    const std::lock_guard lock(core_.commit_mutex);
    for (std::size_t i = next_; i < last; ++i) {
      head::Series* series = core_.index.series(ids_[i]);
      if (series == nullptr) continue;
      head::freeze(core_, *series);
      reader.copy(*series, false);
    }
  }
  next_ = last;
  for (const head::CopiedSeries& copied : reader.copied()) {
    const fs::Status written = write_series(reader, copied);
    if (!written.ok()) return written;
  }
  return {};
}

fs::Status Flush::write_series(head::SeriesReader& reader, const head::CopiedSeries& copied) {
  Columns& c = columns_;
  c = Columns{std::move(c.times), std::move(c.values), {}, {}, {}, {}};
  c.times.clear();
  c.values.clear();
  const bool starts = copied.first_start != copied.last_start;
  if (copied.only_own) {
    read_own(reader, copied, starts);
    return write_columns(*copied.series);
  }
  for (const head::Point& p : reader.read_points(copied)) {
    if (p.histogram == nullptr) {
      c.times.push_back(p.t);
      c.values.push_back(std::bit_cast<double>(p.bits));
      if (starts) c.starts.push_back(reader.start_at(copied, p.t));
    } else {
      c.histogram_times.push_back(p.t);
      c.histograms.push_back(p.histogram->view());
      if (starts) c.histogram_starts.push_back(reader.start_at(copied, p.t));
    }
  }
  return write_columns(*copied.series);
}

// What most series are that are not scraped: their columns are there already.
void Flush::read_own(const head::SeriesReader& reader, const head::CopiedSeries& copied,
                     bool starts) {
  Columns& c = columns_;
  const std::size_t count_max = reader.own_count_max(copied);
  c.times.resize(count_max);
  c.values.resize(count_max);
  bits_.resize(count_max);
  const std::size_t count = reader.read_own(copied, c.times.data(), bits_.data());
  c.times.resize(count);
  c.values.resize(count);
  std::memcpy(c.values.data(), bits_.data(), count * sizeof(double));
  for (std::size_t i = 0; starts && i < count; ++i) {
    c.starts.push_back(reader.start_at(copied, c.times[i]));
  }
}

// Cuts the columns where partitions begin.
fs::Status Flush::write_columns(const head::Series& series) {
  const Columns& c = columns_;
  labels_.clear();
  for (const index::Pair* pair : series.pairs()) labels_.push_back({pair->name, pair->value});
  std::size_t i = 0;
  std::size_t h = 0;
  while (i < c.times.size() || h < c.histogram_times.size()) {
    std::int64_t first = INT64_MAX;
    if (i < c.times.size()) first = c.times[i];
    if (h < c.histogram_times.size()) first = std::min(first, c.histogram_times[h]);
    const std::int64_t partition = partition::partition_of(first);
    const std::int64_t end = partition + partition::kPartitionMs;
    const std::size_t to = until(c.times, i, end);
    const std::size_t h_to = until(c.histogram_times, h, end);
    const fs::Result<Output*> output = output_for(partition);
    if (!output.ok()) return output.status();
    partition::SeriesSamples samples;
    samples.labels = labels_;
    samples.times = part(c.times, i, to);
    samples.values = part(c.values, i, to);
    samples.starts = part(c.starts, i, to);
    samples.histogram_times = part(c.histogram_times, h, h_to);
    samples.histograms = part(c.histograms, h, h_to);
    samples.histogram_starts = part(c.histogram_starts, h, h_to);
    const fs::Status added = (*output)->writer->add(samples);
    if (!added.ok()) return added;
    (*output)->ids.push_back(series.id());
    i = to;
    h = h_to;
  }
  return {};
}

fs::Result<Flush::Output*> Flush::output_for(std::int64_t partition) {
  const auto at = outputs_.find(partition);
  if (at != outputs_.end()) return &at->second;
  Output output;
  output.name = {partition, sequence_, sequence_, 0};
  fs::Result<std::unique_ptr<partition::TableWriter>> writer =
      partition::TableWriter::create(files_, catalogue_.path_of(output.name), options_);
  if (!writer.ok()) return writer.status();
  output.writer = *std::move(writer);
  return &outputs_.emplace(partition, std::move(output)).first->second;
}

fs::Status Flush::finish_tables() {
  for (auto& [partition, output] : outputs_) {
    const fs::Result<partition::TableFigures> figures = output.writer->finish();
    if (!figures.ok()) return figures.status();
    output.writer.reset();
    figures_.samples += figures->samples;
    figures_.bytes += figures->bytes;
    newest_t_ = std::max(newest_t_, figures->max_t);
    ++figures_.tables;
  }
  return {};
}

// Those that have their name already would be read at the next start.
void Flush::discard_tables() {
  for (auto& [partition, output] : outputs_) {
    const bool named = output.writer == nullptr;
    output.writer.reset();
    if (named) (void)files_.unlink(catalogue_.path_of(output.name));
  }
  outputs_.clear();
}

void Flush::show() {
  std::vector<partition::TableName> names;
  for (const auto& [partition, output] : outputs_) names.push_back(output.name);
  catalogue_.add(names);
  std::vector<std::shared_ptr<const OpenTable>> added;
  const std::shared_ptr<const partition::TableSet> tables = catalogue_.tables();
  for (const auto& entry : *tables) {
    const auto at = outputs_.find(entry->name().partition);
    if (at == outputs_.end() || at->second.name != entry->name()) continue;
    // One that cannot be opened right after it was written is the disk's failure: it is set aside
    // and told by the catalogue.
    fs::Result<std::shared_ptr<const OpenTable>> opened =
        archive_.adopt(entry, std::move(at->second.ids));
    if (opened.ok()) added.push_back(*std::move(opened));
  }
  outputs_.clear();
  const std::lock_guard lock(core_.commit_mutex);
  core_.archived_t = std::max(core_.archived_t, newest_t_);
  archive_.publish(added, {});
}

void Flush::drop_slice() {
  const index::EpochHold hold(core_.epochs);
  const std::size_t last = std::min(ids_.size(), next_ + kSliceSeries);
  const std::lock_guard lock(core_.commit_mutex);
  for (; next_ < last; ++next_) {
    head::Series* series = core_.index.series(ids_[next_]);
    if (series != nullptr) head::drop_frozen(core_, *series);
  }
}

}  // namespace narthex::storage::tsdb
