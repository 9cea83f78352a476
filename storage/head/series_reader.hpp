// SPDX-License-Identifier: Apache-2.0
// series_reader.hpp - the samples of a few series at a time, in two steps: copy() takes under the
// commit lock what may change (open and late samples) and notes what may not (chunks, tiles);
// read() then decodes without the lock. Used by one cursor; lives within its epoch.
#pragma once

#include "storage/head/chunk.hpp"
#include "storage/head/late_samples.hpp"
#include "storage/head/row_group.hpp"
#include "storage/head/series.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace narthex::storage::head {

struct ReadRange {
  std::int64_t min_t;
  std::int64_t max_t;
  std::uint64_t sequence;  // later commits are not seen
  bool last_only;          // of each series the newest sample
  bool drop_stale;
  bool start_times;
};

// One sample on its way out.
struct Point {
  std::int64_t t;
  std::uint64_t bits;
  const Histogram* histogram;  // nullptr: a float
  bool late;
};

// What was copied of one series: ranges of the reader's arrays.
struct CopiedSeries {
  const Series* series = nullptr;
  const RowGroup* group = nullptr;  // its home, where rows are in range ...
  const GroupView* view = nullptr;  // ... and they
  std::uint32_t slot = 0;
  bool only_rows = false;  // nothing but rows of that group
  bool only_own = false;   // nothing but floats of its own, in order
  bool in_head = false;    // anything at all
  bool archived = false;   // maybe, by what the archive says
  std::size_t first_chunk = 0, last_chunk = 0;
  std::uint32_t last_chunk_samples = UINT32_MAX;  // of the last chunk only these are seen
  std::size_t first_open = 0, last_open = 0;
  std::size_t first_point = 0, last_point = 0;  // histograms and late samples
  std::size_t first_view = 0, last_view = 0;    // of other groups
  std::size_t first_tomb = 0, last_tomb = 0;
  std::size_t first_start = 0, last_start = 0;
};

class SeriesReader {
 public:
  explicit SeriesReader(ReadRange range) : range_(range) {}

  // Begins a new slice.
  void clear();
  // REQUIRES: the commit lock.
  void copy(const Series& series, bool archived);
  std::span<const CopiedSeries> copied() const { return copied_; }
  const ReadRange& range() const { return range_; }

  // An upper bound for the floats of a series that is only_own.
  std::size_t own_count_max(const CopiedSeries& copied) const;
  // Its samples in range, in order; returns how many. REQUIRES: only_own; room for own_count_max().
  std::size_t read_own(const CopiedSeries& copied, std::int64_t* times, std::uint64_t* bits) const;
  // Any series, merged: late samples win over others at their time. Valid until the next call.
  const std::vector<Point>& read_points(const CopiedSeries& copied) {
    return read_points(copied, range_.drop_stale);
  }
  const std::vector<Point>& read_points(const CopiedSeries& copied, bool drop_stale);
  // Whether any sample is in range; of a chunk it is enough that it reaches into it.
  bool has_samples(const CopiedSeries& copied);
  // The start time that holds at t; 0: unknown.
  std::int64_t start_at(const CopiedSeries& copied, std::int64_t t) const;

 private:
  struct OtherView {
    const GroupView* view;
    const RowGroup* group;
    std::uint32_t slot;
  };
  const GroupView* view_of(const RowGroup& group);
  void copy_own(const Series& series, CopiedSeries& out);
  void copy_chunks(const Series& series, std::uint64_t hidden, CopiedSeries& out);
  void copy_extra(const SeriesExtra& extra, CopiedSeries& out);
  void add_rows(const CopiedSeries& copied, const OtherView& from);

  const ReadRange range_;
  std::vector<CopiedSeries> copied_;
  std::vector<const Chunk*> chunks_;
  std::vector<Sample> open_;
  std::vector<Point> extra_points_;  // each with a reference held in references_
  std::vector<HistogramRef> references_;
  std::vector<LateSample> late_;
  std::vector<OtherView> views_;
  std::vector<Tombstone> tombstones_;
  std::vector<std::pair<std::int64_t, std::int64_t>> starts_;
  std::unordered_map<const RowGroup*, std::unique_ptr<GroupView>> group_views_;
  std::vector<Point> points_;
  std::vector<Sample> samples_;
};

}  // namespace narthex::storage::head
