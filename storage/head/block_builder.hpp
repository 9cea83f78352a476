// SPDX-License-Identifier: Apache-2.0
// block_builder.hpp - collects series into a block whose series share one time column as long as
// they can: rows of one group do by construction, others when their times turn out equal. A block
// becomes an ordinary one when a series does not fit and the block is still small; else it is full.
#pragma once

#include "storage/head/archive.hpp"
#include "storage/head/block_memory.hpp"
#include "storage/head/series_reader.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace narthex::storage::head {

// Gives equal numbers to equal time columns of groups, for all cursors of a querier. Thread-safe.
class TimeColumnIds {
 public:
  std::uint64_t of_times(const std::int64_t* times, std::size_t count);
  std::uint64_t of_rows(const RowGroup* group, std::uint64_t first_row, std::uint32_t rows);

 private:
  struct Known {
    const RowGroup* group;
    std::uint64_t first_row;
    std::uint32_t rows;
    std::uint64_t id;
  };
  struct KnownTimes {
    std::vector<std::int64_t> times;
    std::uint64_t id = 0;
  };
  std::mutex mutex_;
  std::vector<Known> known_;               // guarded by mutex_
  std::array<KnownTimes, 4> known_times_;  // guarded by mutex_: the last ones
  std::size_t oldest_ = 0;                 // guarded by mutex_: of known_times_
  std::uint64_t next_ = 1;                 // guarded by mutex_
};

struct BlockShape {
  std::size_t samples_wanted;
  std::size_t series_min;
  bool last_only;
  bool drop_stale;
  bool start_times;
  bool with_labels;
};

// What is true of all values of a column: NX_COL_*. REQUIRES: floats only, and one at least.
std::uint8_t describe_column(const std::uint64_t* bits, std::size_t count);

class BlockBuilder {
 public:
  // archive: null, or that of the series whose samples may be archived; it outlives the builder.
  BlockBuilder(BlockShape shape, std::shared_ptr<const index::EpochHold> hold, TimeColumnIds& ids,
               ArchiveReader* archive);
  ~BlockBuilder();
  BlockBuilder(const BlockBuilder&) = delete;
  BlockBuilder& operator=(const BlockBuilder&) = delete;

  // Begins a new block, in memory that no consumer holds any more. There are at most so many series
  // still to come.
  void begin(std::size_t series_left);
  // Adds a series; one without samples in range is left out. False: it did not fit, publish the
  // block and add it to the next.
  bool add(SeriesReader& reader, const CopiedSeries& copied);
  // Adds a series without samples.
  void add_labels(const Series& series);
  bool full() const;
  bool empty() const { return memory_->series_ids.empty(); }
  std::size_t series_count() const { return memory_->series_ids.size(); }
  void publish(nx_block& out);

 private:
  enum class Kind { kEmpty, kShared, kOrdinary };

  BlockMemory* free_memory();
  // Makes room for a block of series with so many samples each, unless it has begun: what grows is
  // copied.
  void expect(std::size_t samples);
  bool add_rows(SeriesReader& reader, const CopiedSeries& copied);
  bool add_shared_rows(SeriesReader& reader, const CopiedSeries& copied);
  bool add_newest_row(const CopiedSeries& copied);
  bool add_own(SeriesReader& reader, const CopiedSeries& copied);
  bool add_points(SeriesReader& reader, const CopiedSeries& copied);
  bool add_archived(SeriesReader& reader, const CopiedSeries& copied);
  void merge_head(const std::vector<Point>& head, SeriesReader& reader, const CopiedSeries& copied);
  void keep_wanted();
  void add_archived_extras();
  // Puts samples with these times and values into the block.
  struct Samples {
    const std::int64_t* times;
    const std::uint64_t* bits;
    std::size_t count;
  };
  bool place(const Series& series, const Samples& samples);
  bool place_shared(const Series& series, const Samples& samples);
  void place_ordinary(const Series& series, const Samples& samples);
  bool make_ordinary();
  void begin_shared(const Samples& samples);
  void add_series(const Series& series, std::uint64_t offset, std::uint32_t row0,
                  std::uint32_t row1);
  void add_described(const Series& series, std::uint64_t offset, std::uint32_t row0,
                     std::uint32_t row1, std::uint8_t flags);
  bool add_column(const CopiedSeries& copied);
  bool shares_times(const ArchivedColumn& column);
  bool add_long_column(SeriesReader& reader, const CopiedSeries& copied);
  std::size_t read_head(SeriesReader& reader, const CopiedSeries& copied, std::uint64_t* bits);
  bool shares_long_times(const ArchivedColumn& column, std::size_t head_samples);
  std::size_t drop_stale(std::size_t count);
  void add_histograms(const std::vector<Point>& points);
  void fill_starts(SeriesReader& reader, const CopiedSeries& copied);

  const BlockShape shape_;
  const std::shared_ptr<const index::EpochHold> hold_;
  TimeColumnIds& ids_;
  ArchiveReader* const archive_;
  std::vector<BlockMemory*> memories_;  // of this block and of those that consumers kept
  BlockMemory* memory_;
  std::size_t series_left_ = 0;  // at the begin of the block
  Kind kind_ = Kind::kEmpty;
  std::uint64_t t_id_ = 0;
  const GroupView* rows_of_ = nullptr;  // whose rows the shared column is
  std::uint64_t archived_id_ = 0;       // of archived times that the shared column is; 0: unknown
  // One series before it is placed.
  RawColumn<std::int64_t> times_;
  RawColumn<std::int64_t> long_times_;
  RawColumn<std::uint64_t> bits_;
  ArchivedSamples archived_;
  ArchivedSamples merged_;
};

}  // namespace narthex::storage::head
