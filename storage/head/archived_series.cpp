// SPDX-License-Identifier: Apache-2.0
// How a block takes a series that has archived samples (BlockBuilder is declared in
// block_builder.hpp): what is archived, then what is in the head, which holds at equal times.
#include "storage/head/block_builder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::storage::head {
namespace {

void append(ArchivedSamples& out, const Point& p, std::int64_t start, bool any_start) {
  *out.times.extend(1) = p.t;
  *out.bits.extend(1) = p.bits;
  if (p.histogram != nullptr || !out.histograms.empty()) {
    out.histograms.resize(out.times.size());
    if (p.histogram != nullptr) {
      p.histogram->retain();
      out.histograms.back() = HistogramRef(p.histogram);
    }
  }
  if (any_start || !out.starts.empty()) {
    out.starts.resize(out.times.size());
    out.starts.back() = start;
  }
}

void append(ArchivedSamples& out, ArchivedSamples& from, std::size_t i) {
  *out.times.extend(1) = from.times.data()[i];
  *out.bits.extend(1) = from.bits.data()[i];
  if (!from.histograms.empty() || !out.histograms.empty()) {
    out.histograms.resize(out.times.size());
    if (!from.histograms.empty()) out.histograms.back() = std::move(from.histograms[i]);
  }
  if (!from.starts.empty() || !out.starts.empty()) {
    out.starts.resize(out.times.size());
    if (!from.starts.empty()) out.starts.back() = from.starts[i];
  }
}

bool is_marker(const ArchivedSamples& from, std::size_t i) {
  if (!from.histograms.empty() && from.histograms[i]) {
    return is_stale(from.histograms[i].get()->view());
  }
  return is_stale_bits(from.bits.data()[i]);
}

// Element i becomes element `to`.
void move_down(ArchivedSamples& samples, std::size_t i, std::size_t to) {
  if (i == to) return;
  samples.times.data()[to] = samples.times.data()[i];
  samples.bits.data()[to] = samples.bits.data()[i];
  if (!samples.histograms.empty()) samples.histograms[to] = std::move(samples.histograms[i]);
  if (!samples.starts.empty()) samples.starts[to] = samples.starts[i];
}

void cut(ArchivedSamples& samples, std::size_t size) {
  samples.times.resize_down(size);
  samples.bits.resize_down(size);
  if (!samples.histograms.empty()) samples.histograms.resize(size);
  if (!samples.starts.empty()) samples.starts.resize(size);
}

}  // namespace

// The usual archived series: floats in order, none of them in the head, at the times of the series
// before it. They are decoded straight to their place.
bool BlockBuilder::add_column(const CopiedSeries& copied) {
  ArchivedColumn column;
  if (shape_.last_only || !archive_->find_column(*copied.series, column)) {
    return false;
  }
  if (shape_.drop_stale && column.may_be_stale) return false;
  if (column.samples == 0) return true;
  if (!shares_times(column)) return false;
  const std::size_t offset = memory_->values.size();
  expect(column.samples);
  const std::uint8_t flags = archive_->take_values(memory_->values.extend(column.samples));
  add_described(*copied.series, offset, 0, static_cast<std::uint32_t>(column.samples), flags);
  return true;
}

// The usual series that is written to: floats in order, the newest of them in the head and the
// others archived, at the times of the series before it. Both go straight to their place.
bool BlockBuilder::add_long_column(SeriesReader& reader, const CopiedSeries& copied) {
  const bool plain = copied.only_own || copied.only_rows;
  ArchivedColumn column;
  if (!plain || shape_.last_only || copied.first_start != copied.last_start ||
      !archive_->find_column(*copied.series, column)) {
    return false;
  }
  if (column.samples == 0 || (shape_.drop_stale && column.may_be_stale)) return false;
  const std::size_t offset = memory_->values.size();
  const std::size_t room = copied.only_own ? reader.own_count_max(copied) : copied.view->rows();
  expect(column.samples + room);
  std::uint64_t* bits = memory_->values.extend(column.samples + room) + column.samples;
  const std::size_t count = read_head(reader, copied, bits);
  memory_->values.resize_down(offset);
  if (count == 0) return false;
  const std::uint8_t newer = describe_column(bits, count);
  if ((shape_.drop_stale && (newer & NX_COL_STALE) != 0) || !shares_long_times(column, count)) {
    return false;
  }
  std::uint64_t* out = memory_->values.extend(column.samples + count);
  const std::uint8_t older = archive_->take_values(out);
  // What holds for both parts is not undone where they meet.
  unsigned all = older & newer & (NX_COL_MONOTONE | NX_COL_CONST);
  if (!(std::bit_cast<double>(bits[0]) >= std::bit_cast<double>(bits[-1]))) {
    all &= ~unsigned{NX_COL_MONOTONE};
  }
  if (bits[0] != bits[-1]) all &= ~unsigned{NX_COL_CONST};
  const unsigned stale = (older | newer) & NX_COL_STALE;
  add_described(*copied.series, offset, 0, static_cast<std::uint32_t>(column.samples + count),
                static_cast<std::uint8_t>(all | stale));
  return true;
}

// Fills times_ and bits with what is in the head; 0 when that is not one plain column.
std::size_t BlockBuilder::read_head(SeriesReader& reader, const CopiedSeries& copied,
                                    std::uint64_t* bits) {
  times_.clear();
  if (copied.only_own) {
    std::int64_t* times = times_.extend(reader.own_count_max(copied));
    return reader.read_own(copied, times, bits);
  }
  const std::uint32_t rows = copied.view->rows();
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (!copied.view->column(copied.slot, bits, first, last) || first != 0 || last != rows) return 0;
  copied.view->times(times_.extend(rows));
  return rows;
}

// Whether the block's column is, or becomes, the archived times with those in times_ behind them.
bool BlockBuilder::shares_long_times(const ArchivedColumn& column, std::size_t head_samples) {
  const std::size_t count = column.samples + head_samples;
  const std::size_t head_bytes = head_samples * sizeof(std::int64_t);
  if (kind_ == Kind::kOrdinary) return false;
  if (kind_ == Kind::kShared) {
    return archived_id_ == column.times_id && memory_->times.size() == count &&
           std::memcmp(memory_->times.data() + column.samples, times_.data(), head_bytes) == 0;
  }
  long_times_.clear();
  std::int64_t* times = long_times_.extend(count);
  archive_->take_times(times);
  if (times[column.samples - 1] >= times_.data()[0]) return false;
  std::memcpy(times + column.samples, times_.data(), head_bytes);
  begin_shared({times, nullptr, count});
  archived_id_ = column.times_id;
  return true;
}

// Whether the block's column begins with these times, or becomes them.
bool BlockBuilder::shares_times(const ArchivedColumn& column) {
  if (kind_ == Kind::kShared && archived_id_ == column.times_id) return true;
  if (kind_ == Kind::kOrdinary) return false;
  if (kind_ == Kind::kEmpty) {
    times_.clear();
    std::int64_t* times = times_.extend(column.samples);
    archive_->take_times(times);
    begin_shared({times, nullptr, column.samples});
  } else if (memory_->times.size() != column.samples ||
             !archive_->has_times(memory_->times.data())) {
    return false;
  }
  archived_id_ = column.times_id;
  return true;
}

bool BlockBuilder::add_archived(SeriesReader& reader, const CopiedSeries& copied) {
  if (copied.in_head ? add_long_column(reader, copied) : add_column(copied)) return true;
  archived_.clear();
  archive_->read(*copied.series, archived_);
  if (copied.in_head) {
    const std::size_t count = archived_.times.size();
    const bool own = copied.only_own && !shape_.last_only && archived_.histograms.empty() &&
                     archived_.starts.empty() && copied.first_start == copied.last_start;
    const std::size_t room = own ? reader.own_count_max(copied) : 0;
    std::size_t read = 0;
    if (own) {
      std::int64_t* times = archived_.times.extend(room);
      read = reader.read_own(copied, times, archived_.bits.extend(room));
      cut(archived_, count + read);
    }
    // The usual case: all that is archived is older.
    const bool behind = own && (count == 0 || read == 0 ||
                                archived_.times.data()[count - 1] < archived_.times.data()[count]);
    if (!behind) {
      cut(archived_, count);
      merge_head(reader.read_points(copied, false), reader, copied);
    }
  }
  keep_wanted();
  const std::size_t count = archived_.times.size();
  if (count == 0) return true;
  if (!place(*copied.series, {archived_.times.data(), archived_.bits.data(), count})) return false;
  add_archived_extras();
  return true;
}

void BlockBuilder::merge_head(const std::vector<Point>& head, SeriesReader& reader,
                              const CopiedSeries& copied) {
  const bool starts = shape_.start_times && copied.first_start != copied.last_start;
  const std::size_t count = archived_.times.size();
  const std::int64_t* times = archived_.times.data();
  merged_.clear();
  std::size_t i = 0;
  for (const Point& p : head) {
    for (; i < count && times[i] < p.t; ++i) append(merged_, archived_, i);
    if (i < count && times[i] == p.t) ++i;
    append(merged_, p, starts ? reader.start_at(copied, p.t) : 0, starts);
  }
  for (; i < count; ++i) append(merged_, archived_, i);
  std::swap(archived_, merged_);
}

void BlockBuilder::keep_wanted() {
  std::size_t count = archived_.times.size();
  if (shape_.last_only && count > 1) {
    move_down(archived_, count - 1, 0);
    cut(archived_, count = 1);
  }
  if (!shape_.drop_stale) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_marker(archived_, i)) move_down(archived_, i, kept++);
  }
  cut(archived_, kept);
}

// Histograms and start times of the series added last.
void BlockBuilder::add_archived_extras() {
  BlockMemory& m = *memory_;
  const std::size_t first = m.offsets.back() + m.row0.back();
  if (!archived_.histograms.empty()) {
    const std::size_t filled = m.histogram.size();
    std::fill_n(m.histogram.extend(m.values.size() - filled), m.values.size() - filled, NX_NONE);
    for (std::size_t i = 0; i < archived_.histograms.size(); ++i) {
      if (!archived_.histograms[i]) continue;
      m.histogram.data()[first + i] = static_cast<std::uint32_t>(m.histograms.size());
      m.histograms.push_back(archived_.histograms[i].get()->view());
      m.histogram_refs.push_back(std::move(archived_.histograms[i]));
    }
    m.flags.back() = NX_COL_STALE;
  }
  if (!shape_.start_times || archived_.starts.empty()) return;
  const std::size_t filled = m.starts.size();
  std::fill_n(m.starts.extend(m.values.size() - filled), m.values.size() - filled, 0);
  std::copy(archived_.starts.begin(), archived_.starts.end(), m.starts.data() + first);
}

}  // namespace narthex::storage::head
