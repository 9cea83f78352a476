// SPDX-License-Identifier: Apache-2.0
#include "storage/head/block_builder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace narthex::storage::head {
namespace {

constexpr std::size_t kMemoriesMax = 16;  // of blocks that a consumer keeps, known for reuse

template <class T>
bool same(const T* a, const T* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(T)) == 0;
}

}  // namespace

std::uint8_t describe_column(const std::uint64_t* bits, std::size_t count) {
  bool stale = is_stale_bits(bits[0]);
  bool constant = true;
  bool rising = true;
  for (std::size_t i = 1; i < count; ++i) {
    stale |= is_stale_bits(bits[i]);
    constant &= bits[i] == bits[0];
    // False for NaN as well: such a column may hide a fall.
    rising &= std::bit_cast<double>(bits[i]) >= std::bit_cast<double>(bits[i - 1]);
  }
  unsigned flags = 0;
  if (stale) flags |= NX_COL_STALE;
  if (constant) flags |= NX_COL_CONST;
  if (rising) flags |= NX_COL_MONOTONE;
  return static_cast<std::uint8_t>(flags);
}

std::uint64_t TimeColumnIds::of_times(const std::int64_t* times, std::size_t count) {
  const std::lock_guard lock(mutex_);
  for (const KnownTimes& known : known_times_) {
    if (known.times.size() == count && same(known.times.data(), times, count)) return known.id;
  }
  KnownTimes& known = known_times_[oldest_];
  oldest_ = (oldest_ + 1) % known_times_.size();
  known.times.assign(times, times + count);
  return known.id = next_++;
}

std::uint64_t TimeColumnIds::of_rows(const RowGroup* group, std::uint64_t first_row,
                                     std::uint32_t rows) {
  const std::lock_guard lock(mutex_);
  for (const Known& known : known_) {
    if (known.group == group && known.first_row == first_row && known.rows == rows) return known.id;
  }
  known_.push_back({group, first_row, rows, next_++});
  return known_.back().id;
}

BlockBuilder::BlockBuilder(BlockShape shape, std::shared_ptr<const index::EpochHold> hold,
                           TimeColumnIds& ids, ArchiveReader* archive)
    : shape_(shape),
      hold_(std::move(hold)),
      ids_(ids),
      archive_(archive),
      memories_{BlockMemory::make(hold_)},
      memory_(memories_.front()) {}

BlockBuilder::~BlockBuilder() {
  for (BlockMemory* memory : memories_) memory->release();
}

void BlockBuilder::begin(std::size_t series_left) {
  series_left_ = series_left;
  if (memory_->shared()) memory_ = free_memory();
  memory_->clear();
  kind_ = Kind::kEmpty;
  rows_of_ = nullptr;
  archived_id_ = 0;
}

// What a consumer has let go of, or more.
BlockMemory* BlockBuilder::free_memory() {
  const auto free = std::find_if(memories_.begin(), memories_.end(),
                                 [](const BlockMemory* memory) { return !memory->shared(); });
  if (free != memories_.end()) return *free;
  if (memories_.size() == kMemoriesMax) {
    memories_.front()->release();
    memories_.erase(memories_.begin());
  }
  memories_.push_back(BlockMemory::make(hold_));
  // As large as the last one at once: what grows is copied.
  memories_.back()->times.reserve(memory_->times.size());
  memories_.back()->values.reserve(memory_->values.size());
  return memories_.back();
}

bool BlockBuilder::full() const {
  return memory_->values.size() >= shape_.samples_wanted &&
         memory_->series_ids.size() >= shape_.series_min;
}

bool BlockBuilder::add(SeriesReader& reader, const CopiedSeries& copied) {
  if (copied.archived) return add_archived(reader, copied);
  if (copied.only_rows) return add_rows(reader, copied);
  return copied.only_own ? add_own(reader, copied) : add_points(reader, copied);
}

void BlockBuilder::add_labels(const Series& series) { add_series(series, 0, 0, 0); }

void BlockBuilder::add_series(const Series& series, std::uint64_t offset, std::uint32_t row0,
                              std::uint32_t row1) {
  add_described(series, offset, row0, row1,
                row0 == row1
                    ? std::uint8_t{0}
                    : describe_column(memory_->values.data() + offset + row0, row1 - row0));
}

void BlockBuilder::add_described(const Series& series, std::uint64_t offset, std::uint32_t row0,
                                 std::uint32_t row1, std::uint8_t flags) {
  BlockMemory& m = *memory_;
  m.series_ids.push_back(series.ref());
  m.offsets.push_back(offset);
  m.row0.push_back(row0);
  m.row1.push_back(row1);
  m.flags.push_back(flags);
  if (shape_.with_labels) m.labels.add(series);
}

void BlockBuilder::begin_shared(const Samples& samples) {
  std::memcpy(memory_->times.extend(samples.count), samples.times,
              samples.count * sizeof(std::int64_t));
  kind_ = Kind::kShared;
  archived_id_ = 0;
  rows_of_ = nullptr;  // these times may be fewer than those of any group's rows
  t_id_ = ids_.of_times(samples.times, samples.count);
}

void BlockBuilder::expect(std::size_t samples) {
  if (!memory_->values.empty()) return;
  const std::size_t all = std::min(series_left_, shape_.samples_wanted) * samples;
  memory_->values.reserve(std::min(all, shape_.samples_wanted + samples));
}

bool BlockBuilder::add_rows(SeriesReader& reader, const CopiedSeries& copied) {
  if (shape_.last_only) return add_newest_row(copied);
  const GroupView& view = *copied.view;
  if (kind_ == Kind::kEmpty) {
    view.times(memory_->times.extend(view.rows()));
    kind_ = Kind::kShared;
    rows_of_ = &view;
    t_id_ = ids_.of_rows(copied.group, view.first_row(), view.rows());
  }
  if (kind_ == Kind::kShared && rows_of_ == &view) return add_shared_rows(reader, copied);
  times_.clear();
  bits_.clear();
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (!view.column(copied.slot, bits_.extend(view.rows()), first, last)) {
    return add_points(reader, copied);
  }
  view.times(times_.extend(view.rows()));
  std::memmove(times_.data(), times_.data() + first, (last - first) * sizeof(std::int64_t));
  std::memmove(bits_.data(), bits_.data() + first, (last - first) * sizeof(std::uint64_t));
  const std::size_t count = shape_.drop_stale ? drop_stale(last - first) : last - first;
  if (count == 0) return true;
  return place(*copied.series, {times_.data(), bits_.data(), count});
}

bool BlockBuilder::add_newest_row(const CopiedSeries& copied) {
  Sample sample{};
  if (!copied.view->newest(copied.slot, sample)) return true;
  if (shape_.drop_stale && is_stale_bits(sample.bits)) return true;
  return place(*copied.series, {&sample.t, &sample.bits, 1});
}

// The block's column is that of these rows: values are decoded straight to their place.
bool BlockBuilder::add_shared_rows(SeriesReader& reader, const CopiedSeries& copied) {
  const std::size_t offset = memory_->values.size();
  expect(copied.view->rows());
  std::uint64_t* out = memory_->values.extend(copied.view->rows());
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const bool whole = copied.view->column(copied.slot, out, first, last);
  if (whole && shape_.drop_stale) {
    while (first < last && is_stale_bits(out[last - 1])) --last;
    while (first < last && is_stale_bits(out[first])) ++first;
  }
  const bool holes =
      !whole || (shape_.drop_stale && std::any_of(out + first, out + last, is_stale_bits));
  if (!holes && first != last) {
    add_series(*copied.series, offset, first, last);
    return true;
  }
  memory_->values.resize_down(offset);
  if (memory_->series_ids.empty()) {
    memory_->times.clear();
    kind_ = Kind::kEmpty;
    rows_of_ = nullptr;
  }
  return !holes || add_points(reader, copied);
}

bool BlockBuilder::add_own(SeriesReader& reader, const CopiedSeries& copied) {
  const std::size_t room = reader.own_count_max(copied);
  times_.clear();
  bits_.clear();
  std::int64_t* times = times_.extend(room);
  std::uint64_t* bits = bits_.extend(room);
  std::size_t count = reader.read_own(copied, times, bits);
  if (shape_.drop_stale) count = drop_stale(count);
  if (count == 0) return true;
  if (!place(*copied.series, {times, bits, count})) return false;
  fill_starts(reader, copied);
  return true;
}

std::size_t BlockBuilder::drop_stale(std::size_t count) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_stale_bits(bits_.data()[i])) continue;
    times_.data()[kept] = times_.data()[i];
    bits_.data()[kept++] = bits_.data()[i];
  }
  return kept;
}

bool BlockBuilder::place(const Series& series, const Samples& samples) {
  if (kind_ == Kind::kEmpty) begin_shared(samples);
  if (kind_ == Kind::kShared) {
    if (place_shared(series, samples)) return true;
    if (!make_ordinary()) return false;
  }
  place_ordinary(series, samples);
  return true;
}

// Fits where the times are a part of the shared column.
bool BlockBuilder::place_shared(const Series& series, const Samples& samples) {
  const std::int64_t* shared = memory_->times.data();
  const std::size_t rows = memory_->times.size();
  const auto row0 =
      static_cast<std::size_t>(std::lower_bound(shared, shared + rows, samples.times[0]) - shared);
  if (row0 + samples.count > rows || !same(shared + row0, samples.times, samples.count)) {
    return false;
  }
  const std::size_t offset = memory_->values.size();
  expect(rows);
  std::uint64_t* out = memory_->values.extend(rows);
  std::memcpy(out + row0, samples.bits, samples.count * sizeof *out);
  add_series(series, offset, static_cast<std::uint32_t>(row0),
             static_cast<std::uint32_t>(row0 + samples.count));
  return true;
}

// Gives every series its times of its own. False when the block is big enough to go out as it is.
bool BlockBuilder::make_ordinary() {
  BlockMemory& m = *memory_;
  if (m.series_ids.size() >= shape_.series_min) return false;
  RawColumn<std::int64_t> spread;
  spread.extend(m.values.size());
  for (std::size_t s = 0; s < m.series_ids.size(); ++s) {
    std::memcpy(spread.data() + m.offsets[s] + m.row0[s], m.times.data() + m.row0[s],
                (m.row1[s] - m.row0[s]) * sizeof(std::int64_t));
  }
  m.times = std::move(spread);
  kind_ = Kind::kOrdinary;
  rows_of_ = nullptr;
  return true;
}

void BlockBuilder::place_ordinary(const Series& series, const Samples& samples) {
  const std::size_t offset = memory_->values.size();
  std::memcpy(memory_->values.extend(samples.count), samples.bits,
              samples.count * sizeof(std::uint64_t));
  std::memcpy(memory_->times.extend(samples.count), samples.times,
              samples.count * sizeof(std::int64_t));
  add_series(series, offset, 0, static_cast<std::uint32_t>(samples.count));
}

bool BlockBuilder::add_points(SeriesReader& reader, const CopiedSeries& copied) {
  const std::vector<Point>& points = reader.read_points(copied);
  if (points.empty()) return true;
  times_.clear();
  bits_.clear();
  std::int64_t* times = times_.extend(points.size());
  std::uint64_t* bits = bits_.extend(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    times[i] = points[i].t;
    bits[i] = points[i].bits;
  }
  if (!place(*copied.series, {times, bits, points.size()})) return false;
  if (std::any_of(points.begin(), points.end(),
                  [](const Point& p) { return p.histogram != nullptr; })) {
    add_histograms(points);
  }
  fill_starts(reader, copied);
  return true;
}

// Of the series added last.
void BlockBuilder::add_histograms(const std::vector<Point>& points) {
  BlockMemory& m = *memory_;
  const std::size_t filled = m.histogram.size();
  std::fill_n(m.histogram.extend(m.values.size() - filled), m.values.size() - filled, NX_NONE);
  std::uint32_t* index = m.histogram.data() + m.offsets.back() + m.row0.back();
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].histogram == nullptr) continue;
    index[i] = static_cast<std::uint32_t>(m.histograms.size());
    m.histograms.push_back(points[i].histogram->view());
    points[i].histogram->retain();
    m.histogram_refs.emplace_back(points[i].histogram);
  }
  m.flags.back() = NX_COL_STALE;
}

// The start times of the series added last. The column exists from the first known one on.
void BlockBuilder::fill_starts(SeriesReader& reader, const CopiedSeries& copied) {
  if (!shape_.start_times || copied.first_start == copied.last_start) return;
  BlockMemory& m = *memory_;
  const std::size_t filled = m.starts.size();
  std::int64_t* fresh = m.starts.extend(m.values.size() - filled);
  std::fill(fresh, m.starts.data() + m.starts.size(), 0);
  const std::uint64_t offset = m.offsets.back();
  for (std::uint64_t k = m.row0.back(); k < m.row1.back(); ++k) {
    const std::int64_t t = m.times.data()[kind_ == Kind::kShared ? k : offset + k];
    m.starts.data()[offset + k] = reader.start_at(copied, t);
  }
}

void BlockBuilder::publish(nx_block& out) {
  BlockMemory& m = *memory_;
  // Columns that some series have are as long as the values.
  if (!m.starts.empty()) {
    const std::size_t filled = m.starts.size();
    std::fill_n(m.starts.extend(m.values.size() - filled), m.values.size() - filled, 0);
  }
  if (!m.histogram.empty()) {
    const std::size_t filled = m.histogram.size();
    std::fill_n(m.histogram.extend(m.values.size() - filled), m.values.size() - filled, NX_NONE);
  }
  m.publish(out, shape_.with_labels, kind_ == Kind::kShared, t_id_);
}

}  // namespace narthex::storage::head
