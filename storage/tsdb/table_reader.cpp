// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/table_reader.hpp"

#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::storage::tsdb {
namespace {

using head::ArchivedSamples;

std::size_t size_of(const ArchivedSamples& samples) { return samples.times.size(); }

// Moves elements [first, first + count) of `from` to the end of `to`.
void append(ArchivedSamples& to, ArchivedSamples& from, std::size_t first, std::size_t count) {
  if (count == 0) return;
  std::memcpy(to.times.extend(count), from.times.data() + first, count * sizeof(std::int64_t));
  std::memcpy(to.bits.extend(count), from.bits.data() + first, count * sizeof(std::uint64_t));
  if (!from.histograms.empty() || !to.histograms.empty()) {
    to.histograms.resize(size_of(to));
    for (std::size_t i = 0; i < count && !from.histograms.empty(); ++i) {
      to.histograms[size_of(to) - count + i] = std::move(from.histograms[first + i]);
    }
  }
  if (!from.starts.empty() || !to.starts.empty()) {
    to.starts.resize(size_of(to));
    if (!from.starts.empty()) {
      std::copy_n(from.starts.begin() + static_cast<std::ptrdiff_t>(first), count,
                  to.starts.end() - static_cast<std::ptrdiff_t>(count));
    }
  }
}

// Both ascend; at one time that of `later` stays. The result is in `older`.
void merge(ArchivedSamples& older, ArchivedSamples& later, ArchivedSamples& scratch) {
  const std::size_t n = size_of(older);
  const std::size_t m = size_of(later);
  if (n == 0 || m == 0 || older.times.data()[n - 1] < later.times.data()[0]) {
    append(older, later, 0, m);
    return;
  }
  scratch.clear();
  std::size_t i = 0;
  for (std::size_t k = 0; k < m;) {
    const std::int64_t* times = older.times.data();
    const std::int64_t t = later.times.data()[k];
    const auto next = static_cast<std::size_t>(std::lower_bound(times + i, times + n, t) - times);
    append(scratch, older, i, next - i);
    i = next;
    // Up to the next time of `older`.
    std::size_t end = k;
    while (end < m && (i == n || later.times.data()[end] < times[i])) ++end;
    if (end < m && i < n && later.times.data()[end] == times[i]) {
      ++end;
      ++i;
    }
    append(scratch, later, k, end - k);
    k = end;
  }
  append(scratch, older, i, n - i);
  std::swap(older, scratch);
}

void cut(ArchivedSamples& samples, std::size_t size) {
  samples.times.resize_down(size);
  samples.bits.resize_down(size);
  if (!samples.histograms.empty()) samples.histograms.resize(size);
  if (!samples.starts.empty()) samples.starts.resize(size);
}

void leave_out(ArchivedSamples& samples, std::span<const partition::DeletedRange> ranges,
               ArchivedSamples& scratch) {
  const std::size_t count = size_of(samples);
  if (ranges.empty() || count == 0) return;
  scratch.clear();
  for (std::size_t i = 0; i < count; ++i) {
    if (!partition::is_deleted(ranges, samples.times.data()[i])) append(scratch, samples, i, 1);
  }
  std::swap(samples, scratch);
}

}  // namespace

void TableReader::refresh() {
  std::shared_ptr<const OpenTables> tables = archive_.current();
  if (tables == seen_) return;
  std::vector<Source> before = std::move(sources_);
  sources_.clear();
  largest_ = 0;
  for (const auto& table : *tables) {
    if (!table->overlaps(range_.min_t, range_.max_t)) continue;
    const auto same = std::find_if(before.begin(), before.end(),
                                   [&](const Source& s) { return s.table == table; });
    if (same != before.end()) {
      sources_.push_back(std::move(*same));
    } else {
      sources_.push_back({table, UINT32_MAX, {}, {}});
    }
    const auto series = [&](std::size_t i) { return sources_[i].table->table().figures().series; };
    if (series(sources_.size() - 1) >= series(largest_)) largest_ = sources_.size() - 1;
  }
  seen_ = std::move(tables);
}

bool TableReader::may_hold(const head::Series& series) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
    const std::uint32_t ordinal = source.table->ordinal_of(series.id());
    return ordinal != OpenTable::kAbsent &&
           source.table->may_hold(ordinal, range_.min_t, range_.max_t);
  });
}

std::uint64_t TableReader::place_of(const head::Series& series) const {
  if (sources_.empty()) return UINT64_MAX;
  const std::uint32_t ordinal = sources_[largest_].table->ordinal_of(series.id());
  return ordinal == OpenTable::kAbsent ? UINT64_MAX : ordinal;
}

void TableReader::read(const head::Series& series, ArchivedSamples& out) {
  out.clear();
  if (range_.last_only) {
    for (auto at = sources_.rbegin(); at != sources_.rend(); ++at) {
      const std::uint32_t ordinal = at->table->ordinal_of(series.id());
      if (ordinal == OpenTable::kAbsent) continue;
      const std::int64_t newest = size_of(out) == 0 ? INT64_MIN : out.times.data()[0];
      if (at->table->table().figures().max_t <= newest) continue;
      read_newest(*at, ordinal, piece_);
      const std::size_t count = size_of(piece_);
      if (count == 0 || piece_.times.data()[count - 1] <= newest) continue;
      out.clear();
      append(out, piece_, count - 1, 1);
    }
    return;
  }
  for (Source& source : sources_) {
    const std::uint32_t ordinal = source.table->ordinal_of(series.id());
    if (ordinal == OpenTable::kAbsent) continue;
    read_table(source, ordinal, size_of(out) == 0 ? out : piece_);
    if (size_of(piece_) != 0) merge(out, piece_, merged_);
    piece_.clear();
  }
}

bool TableReader::find_column(const head::Series& series, head::ArchivedColumn& out) {
  std::swap(pieces_, before_);
  pieces_.clear();
  for (Source& source : sources_) {
    const std::uint32_t ordinal = source.table->ordinal_of(series.id());
    if (ordinal != OpenTable::kAbsent && !find_pieces(source, ordinal)) {
      pieces_.clear();
      return false;
    }
  }
  const bool same = !pieces_.empty() && pieces_.size() == before_.size() &&
                    std::equal(pieces_.begin(), pieces_.end(), before_.begin(),
                               [](const Piece& a, const Piece& b) { return a.same_times(b); });
  if (!same) ++times_id_;
  out = {0, times_id_, false};
  for (const Piece& piece : pieces_) {
    out.samples += piece.count;
    out.may_be_stale = out.may_be_stale || (piece.entry->flags & NX_COL_STALE) != 0;
  }
  return true;
}

// False where samples are deleted, are not floats, or do not follow those of the pieces so far.
bool TableReader::find_pieces(Source& source, std::uint32_t ordinal) {
  const auto tombstones = source.table->entry()->tombstones();
  if (tombstones != nullptr && !tombstones->of(ordinal).empty()) return false;
  const partition::Table& table = source.table->table();
  const partition::TableGroup& group = table.groups()[table.group_of(ordinal)];
  for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
    const partition::TableChunk& chunk = table.chunks()[group.first_chunk + c];
    if (chunk.max_t < range_.min_t || chunk.min_t > range_.max_t) continue;
    if (find_piece(source, ordinal, c) == Found::kOther) return false;
  }
  return true;
}

TableReader::Found TableReader::find_piece(Source& source, std::uint32_t ordinal,
                                           std::uint32_t chunk) {
  const partition::Table& table = source.table->table();
  const std::uint32_t group = table.group_of(ordinal);
  const CachedPage* found = page(source, group, chunk);
  if (found == nullptr) return Found::kNone;
  const auto entries = found->page->view.find(ordinal - table.groups()[group].first_series);
  if (entries.empty()) return Found::kNone;
  const column::PageEntry& entry = entries.front();
  const bool starts = range_.start_times && entry.has_starts;
  if (entries.size() > 1 || entry.histogram || starts) return Found::kOther;
  const std::vector<std::int64_t>& times = found->times[entry.time_column];
  const auto begin = times.begin();
  const auto first = std::lower_bound(begin + entry.row0, begin + entry.row1, range_.min_t);
  const auto last = std::upper_bound(first, begin + entry.row1, range_.max_t);
  if (first == last) return Found::kNone;
  if (!pieces_.empty()) {
    const Piece& before = pieces_.back();
    const auto& times_before = before.page->times[before.entry->time_column];
    if (times_before[before.from + before.count - 1] >= *first) return Found::kOther;
  }
  pieces_.push_back({found, &entry, static_cast<std::size_t>(first - begin),
                     static_cast<std::size_t>(last - first)});
  return Found::kAdded;
}

void TableReader::take_times(std::int64_t* out) {
  for (const Piece& piece : pieces_) {
    const std::vector<std::int64_t>& times = piece.page->times[piece.entry->time_column];
    std::memcpy(out, times.data() + piece.from, piece.count * sizeof *out);
    out += piece.count;
  }
}

bool TableReader::has_times(const std::int64_t* times) const {
  for (const Piece& piece : pieces_) {
    const std::int64_t* own = piece.page->times[piece.entry->time_column].data() + piece.from;
    if (std::memcmp(own, times, piece.count * sizeof *times) != 0) return false;
    times += piece.count;
  }
  return true;
}

std::uint8_t TableReader::take_values(std::uint64_t* out) {
  unsigned all = NX_COL_MONOTONE | NX_COL_CONST;
  unsigned any = 0;
  for (const Piece& piece : pieces_) {
    // A double and its bits have one size; the column room writes doubles.
    const Status done = piece.page->page->view.values(
        *piece.entry, piece.from, piece.from + piece.count, reinterpret_cast<double*>(out));
    if (!done.ok()) throw sdk::Error(NX_ERR_IO, "a column cannot be decoded: " + done.message());
    all &= piece.entry->flags;
    any |= piece.entry->flags;
    // What holds for each piece is not undone where they meet.
    if (&piece != pieces_.data()) {
      if (!(std::bit_cast<double>(out[0]) >= std::bit_cast<double>(out[-1])))
        all &= ~unsigned{NX_COL_MONOTONE};
      if (out[0] != out[-1]) all &= ~unsigned{NX_COL_CONST};
    }
    out += piece.count;
  }
  return static_cast<std::uint8_t>(all | (any & NX_COL_STALE));
}

void TableReader::read_table(Source& source, std::uint32_t ordinal, ArchivedSamples& out) {
  out.clear();
  const partition::Table& table = source.table->table();
  const partition::TableGroup& group = table.groups()[table.group_of(ordinal)];
  for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
    const partition::TableChunk& chunk = table.chunks()[group.first_chunk + c];
    if (chunk.max_t < range_.min_t || chunk.min_t > range_.max_t) continue;
    (void)read_chunk(source, ordinal, c, out);
  }
  const auto tombstones = source.table->entry()->tombstones();
  if (tombstones != nullptr) leave_out(out, tombstones->of(ordinal), merged_);
}

// The newest chunk with a sample that is not deleted.
void TableReader::read_newest(Source& source, std::uint32_t ordinal, ArchivedSamples& out) {
  const partition::Table& table = source.table->table();
  const partition::TableGroup& group = table.groups()[table.group_of(ordinal)];
  const auto tombstones = source.table->entry()->tombstones();
  for (std::uint32_t c = group.chunk_count; c > 0; --c) {
    const partition::TableChunk& chunk = table.chunks()[group.first_chunk + c - 1];
    if (chunk.max_t < range_.min_t || chunk.min_t > range_.max_t) continue;
    out.clear();
    if (!read_chunk(source, ordinal, c - 1, out)) continue;
    if (tombstones != nullptr) leave_out(out, tombstones->of(ordinal), merged_);
    if (size_of(out) > 0) return;
  }
  out.clear();
}

void TableReader::damaged(const Source& source, const std::string& why) {
  archive_.damaged(*source.table, why);
  missing_.add(source.table->entry()->name().file() + ": " + why);
}

const CachedPage* TableReader::page(Source& source, std::uint32_t group, std::uint32_t chunk) {
  const partition::Table& table = source.table->table();
  if (source.group != group) {
    source.group = group;
    source.pages.assign(table.groups()[group].chunk_count, nullptr);
    source.bad.assign(table.groups()[group].chunk_count, false);
  }
  if (source.bad[chunk]) return nullptr;
  if (source.pages[chunk] != nullptr) return source.pages[chunk].get();
  fs::Result<std::shared_ptr<const CachedPage>> read =
      archive_.pages().get(source.table->number(), table, group, chunk);
  if (!read.ok() && read.status().error() != EBADMSG) {
    throw sdk::Error(NX_ERR_IO, read.status().message());
  }
  if (!read.ok()) {
    damaged(source, read.status().message());
    source.bad[chunk] = true;
    return nullptr;
  }
  source.pages[chunk] = *std::move(read);
  return source.pages[chunk].get();
}

// False when the page is damaged: what it holds is missing, and was told.
bool TableReader::read_chunk(Source& source, std::uint32_t ordinal, std::uint32_t chunk,
                             ArchivedSamples& out) {
  const partition::Table& table = source.table->table();
  const std::uint32_t group = table.group_of(ordinal);
  const CachedPage* found = page(source, group, chunk);
  if (found == nullptr) return false;
  const std::uint32_t slot = ordinal - table.groups()[group].first_series;
  for (const column::PageEntry& entry : found->page->view.find(slot)) {
    const std::size_t before = size_of(out);
    if (!read_entry(*found, entry, out)) {
      damaged(source, "a column cannot be decoded");
      cut(out, before);
      return false;
    }
    // Histograms among floats: columns of their own, whose times interleave.
    if (before == 0 || size_of(out) == before ||
        out.times.data()[before - 1] < out.times.data()[before]) {
      continue;
    }
    ArchivedSamples tail;
    append(tail, out, before, size_of(out) - before);
    cut(out, before);
    ArchivedSamples scratch;
    merge(out, tail, scratch);
  }
  return true;
}

bool TableReader::read_entry(const CachedPage& page, const column::PageEntry& entry,
                             ArchivedSamples& out) {
  const std::vector<std::int64_t>& times = page.times[entry.time_column];
  const auto first =
      std::lower_bound(times.begin() + entry.row0, times.begin() + entry.row1, range_.min_t);
  const auto last = std::upper_bound(first, times.begin() + entry.row1, range_.max_t);
  const auto from = static_cast<std::size_t>(first - times.begin());
  const auto count = static_cast<std::size_t>(last - first);
  if (count == 0) return true;
  const column::PageView& view = page.page->view;
  std::memcpy(out.times.extend(count), times.data() + from, count * sizeof(std::int64_t));
  std::uint64_t* bits = out.bits.extend(count);
  if (entry.histogram) {
    histograms_ = column::HistogramRows();
    if (!view.histograms(entry, from, from + count, histograms_).ok()) return false;
    std::fill_n(bits, count, 0);
    out.histograms.resize(size_of(out));
    for (std::size_t i = 0; i < count; ++i) {
      out.histograms[size_of(out) - count + i] =
          head::HistogramRef(head::Histogram::make(histograms_.rows[i]));
    }
  } else {
    values_.resize(std::max(values_.size(), count));
    if (!view.values(entry, from, from + count, values_.data()).ok()) return false;
    std::memcpy(bits, values_.data(), count * sizeof(double));
    if (!out.histograms.empty()) out.histograms.resize(size_of(out));
  }
  if (range_.start_times && entry.has_starts) {
    out.starts.resize(size_of(out));
    if (!view.starts(entry, from, from + count, out.starts.data() + size_of(out) - count).ok()) {
      return false;
    }
  } else if (!out.starts.empty()) {
    out.starts.resize(size_of(out));
  }
  return true;
}

}  // namespace narthex::storage::tsdb
