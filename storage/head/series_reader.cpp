// SPDX-License-Identifier: Apache-2.0
#include "storage/head/series_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

namespace narthex::storage::head {
namespace {

// How many of the newest own floats belong to commits that the reader must not see.
std::uint64_t hidden_floats(const Series& series, std::uint64_t sequence) {
  if (series.own == nullptr || sequence >= series.own->last_sequence) return 0;
  std::uint64_t hidden = series.own->last_added;
  if (series.own->extra == nullptr) return hidden;
  for (const auto& [commit, added] : series.own->extra->hidden) {
    if (commit > sequence) hidden += added;
  }
  return hidden;
}

// Whether all floats outside of groups are before or behind the range: what most series are that a
// query finds by their labels alone. Looks at the ends, so that nothing else need come into the
// cache.
bool is_out_of_range(const Series& series, const ReadRange& range) {
  const std::span<const ChunkEntry> sealed = series.sealed();
  const std::span<const Sample> open = series.open_samples();
  if (sealed.empty() && open.empty()) return true;
  if ((sealed.empty() ? open.front().t : sealed.front().first_t) > range.max_t) return true;
  return (open.empty() ? sealed.back().last_t : open.back().t) < range.min_t;
}

bool is_hidden(const Tombstone& tomb, const RowGroup* group, std::int64_t t) {
  return tomb.group == group && t >= tomb.min_t && t <= tomb.max_t;
}

bool marks_end(const Point& p) {
  return p.histogram != nullptr ? is_stale(p.histogram->view()) : is_stale_bits(p.bits);
}

}  // namespace

void SeriesReader::clear() {
  copied_.clear();
  chunks_.clear();
  open_.clear();
  extra_points_.clear();
  references_.clear();
  views_.clear();
  tombstones_.clear();
  starts_.clear();
}

const GroupView* SeriesReader::view_of(const RowGroup& group) {
  std::unique_ptr<GroupView>& view = group_views_[&group];
  if (view == nullptr) {
    view = std::make_unique<GroupView>(group, range_.min_t, range_.max_t, range_.sequence);
  }
  return view.get();
}

void SeriesReader::copy(const Series& series, bool archived) {
  CopiedSeries out;
  out.series = &series;
  out.archived = archived;
  copy_own(series, out);
  if (series.home_group != nullptr) {
    const GroupView* view = view_of(*series.home_group);
    if (view->rows() > 0) {
      out.group = series.home_group;
      out.view = view;
      out.slot = series.home_slot;
    }
  }
  out.first_point = out.last_point = extra_points_.size();
  out.first_view = out.last_view = views_.size();
  out.first_tomb = out.last_tomb = tombstones_.size();
  out.first_start = out.last_start = starts_.size();
  if (series.extra() != nullptr) copy_extra(*series.extra(), out);
  const bool own = out.first_chunk != out.last_chunk || out.first_open != out.last_open;
  const bool more = out.first_point != out.last_point || out.first_view != out.last_view;
  out.in_head = own || more || out.view != nullptr;
  if (!out.in_head && !archived) return;
  out.only_own = own && !more && out.view == nullptr;
  out.only_rows = !own && !more && out.view != nullptr && out.first_tomb == out.last_tomb;
  copied_.push_back(out);
}

void SeriesReader::copy_own(const Series& series, CopiedSeries& out) {
  out.first_open = out.last_open = open_.size();
  out.first_chunk = out.last_chunk = chunks_.size();
  if (is_out_of_range(series, range_)) return;
  std::uint64_t hidden = hidden_floats(series, range_.sequence);
  std::span<const Sample> open = series.open_samples();
  const std::uint64_t hidden_open = std::min<std::uint64_t>(hidden, open.size());
  open = open.first(open.size() - hidden_open);
  hidden -= hidden_open;
  const auto first = std::lower_bound(open.begin(), open.end(), range_.min_t,
                                      [](const Sample& s, std::int64_t t) { return s.t < t; });
  const auto last = std::upper_bound(first, open.end(), range_.max_t,
                                     [](std::int64_t t, const Sample& s) { return t < s.t; });
  if (range_.last_only && first != last) {
    open_.push_back(*std::prev(last));
  } else {
    open_.insert(open_.end(), first, last);
  }
  out.last_open = open_.size();
  if (range_.last_only && first != last) return;
  copy_chunks(series, hidden, out);
}

void SeriesReader::copy_chunks(const Series& series, std::uint64_t hidden, CopiedSeries& out) {
  std::span<const ChunkEntry> entries = series.sealed();
  while (hidden > 0 && !entries.empty() && entries.back().chunk->count <= hidden) {
    hidden -= entries.back().chunk->count;
    entries = entries.first(entries.size() - 1);
  }
  const auto first =
      std::lower_bound(entries.begin(), entries.end(), range_.min_t,
                       [](const ChunkEntry& e, std::int64_t t) { return e.last_t < t; });
  const auto last =
      std::upper_bound(first, entries.end(), range_.max_t,
                       [](std::int64_t t, const ChunkEntry& e) { return t < e.first_t; });
  for (auto at = range_.last_only && first != last ? std::prev(last) : first; at != last; ++at) {
    chunks_.push_back(at->chunk);
  }
  // What is still hidden is the end of the newest chunk.
  if (hidden > 0 && last == entries.end() && first != last) {
    out.last_chunk_samples = static_cast<std::uint32_t>(entries.back().chunk->count - hidden);
  }
  out.last_chunk = chunks_.size();
}

void SeriesReader::copy_extra(const SeriesExtra& extra, CopiedSeries& out) {
  auto at = std::lower_bound(extra.histograms.begin(), extra.histograms.end(), range_.min_t,
                             [](const HistogramPoint& p, std::int64_t t) { return p.t < t; });
  for (; at != extra.histograms.end() && at->t <= range_.max_t && at->sequence <= range_.sequence;
       ++at) {
    references_.push_back(at->histogram);
    extra_points_.push_back({at->t, 0, at->histogram.get(), false});
  }
  for (const LateSamples* late : {&extra.frozen_late, &extra.late}) {
    if (late->empty()) continue;
    late_.clear();
    late->copy(range_.min_t, range_.max_t, late_);
    for (const LateSample& sample : late_) {
      if (sample.histogram) references_.push_back(sample.histogram);
      extra_points_.push_back({sample.t, sample.bits, sample.histogram.get(), true});
    }
  }
  out.last_point = extra_points_.size();
  for (const Membership& m : extra.more_groups) {
    const GroupView* view = view_of(*m.group);
    if (view->rows() > 0) views_.push_back({view, m.group, m.slot});
  }
  out.last_view = views_.size();
  tombstones_.insert(tombstones_.end(), extra.tombstones.begin(), extra.tombstones.end());
  out.last_tomb = tombstones_.size();
  if (range_.start_times) starts_.insert(starts_.end(), extra.starts.begin(), extra.starts.end());
  out.last_start = starts_.size();
}

std::size_t SeriesReader::own_count_max(const CopiedSeries& copied) const {
  return (copied.last_chunk - copied.first_chunk) * kChunkSamplesMax + copied.last_open -
         copied.first_open;
}

std::size_t SeriesReader::read_own(const CopiedSeries& copied, std::int64_t* times,
                                   std::uint64_t* bits) const {
  std::size_t count = 0;
  for (std::size_t c = copied.first_chunk; c != copied.last_chunk; ++c) {
    const Chunk& chunk = *chunks_[c];
    std::size_t samples = chunk.count;
    if (c + 1 == copied.last_chunk) {
      samples = std::min<std::size_t>(samples, copied.last_chunk_samples);
    }
    const bool whole =
        chunk.first_t >= range_.min_t && chunk.last_t <= range_.max_t && !range_.last_only;
    if (whole) {
      chunk.times(times + count);
      chunk.values(bits + count);
      count += samples;
      continue;
    }
    std::array<std::int64_t, kChunkSamplesMax> t;
    std::array<std::uint64_t, kChunkSamplesMax> v;
    chunk.times(t.data());
    chunk.values(v.data());
    auto first = std::lower_bound(t.begin(), t.begin() + samples, range_.min_t);
    const auto last = std::upper_bound(first, t.begin() + samples, range_.max_t);
    if (range_.last_only && first != last) first = std::prev(last);
    const auto taken = static_cast<std::size_t>(last - first);
    const auto skipped = first - t.begin();
    std::memcpy(times + count, t.data() + skipped, taken * sizeof *times);
    std::memcpy(bits + count, v.data() + skipped, taken * sizeof *bits);
    count += taken;
  }
  for (std::size_t i = copied.first_open; i != copied.last_open; ++i, ++count) {
    times[count] = open_[i].t;
    bits[count] = open_[i].bits;
  }
  return count;
}

void SeriesReader::add_rows(const CopiedSeries& copied, const OtherView& from) {
  samples_.clear();
  from.view->append_samples(from.slot, samples_);
  for (const Sample& sample : samples_) {
    bool hidden = false;
    for (std::size_t i = copied.first_tomb; i != copied.last_tomb; ++i) {
      hidden = hidden || is_hidden(tombstones_[i], from.group, sample.t);
    }
    if (!hidden) points_.push_back({sample.t, sample.bits, nullptr, false});
  }
}

const std::vector<Point>& SeriesReader::read_points(const CopiedSeries& copied, bool drop_stale) {
  points_.clear();
  if (copied.view != nullptr) {
    add_rows(copied, {copied.view, copied.group, copied.slot});
  }
  for (std::size_t i = copied.first_view; i != copied.last_view; ++i) add_rows(copied, views_[i]);
  const std::size_t own = own_count_max(copied);
  if (own > 0) {
    std::vector<std::int64_t> times(own);
    std::vector<std::uint64_t> bits(own);
    const std::size_t count = read_own(copied, times.data(), bits.data());
    for (std::size_t i = 0; i < count; ++i) points_.push_back({times[i], bits[i], nullptr, false});
  }
  for (std::size_t i = copied.first_point; i != copied.last_point; ++i) {
    points_.push_back(extra_points_[i]);
  }
  const auto before = [](const Point& a, const Point& b) {
    return a.t != b.t ? a.t < b.t : !a.late && b.late;
  };
  if (!std::is_sorted(points_.begin(), points_.end(), before)) {
    std::stable_sort(points_.begin(), points_.end(), before);
  }
  // Of one time the last stays: that is the late one.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    if (i + 1 < points_.size() && points_[i + 1].t == points_[i].t) continue;
    points_[kept++] = points_[i];
  }
  points_.resize(kept);
  if (range_.last_only && kept > 1) points_.erase(points_.begin(), points_.end() - 1);
  if (drop_stale) std::erase_if(points_, [](const Point& p) { return marks_end(p); });
  return points_;
}

bool SeriesReader::has_samples(const CopiedSeries& copied) {
  if (copied.archived) return true;
  Sample ignored{};
  if (copied.only_own) return true;
  if (copied.only_rows) return copied.view->newest(copied.slot, ignored);
  return !read_points(copied).empty();
}

std::int64_t SeriesReader::start_at(const CopiedSeries& copied, std::int64_t t) const {
  const auto first = starts_.begin() + static_cast<std::ptrdiff_t>(copied.first_start);
  const auto last = starts_.begin() + static_cast<std::ptrdiff_t>(copied.last_start);
  const auto above = std::upper_bound(first, last, std::pair(t, INT64_MAX));
  return above == first ? 0 : std::prev(above)->second;
}

}  // namespace narthex::storage::head
