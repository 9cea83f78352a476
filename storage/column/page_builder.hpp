// SPDX-License-Identifier: Apache-2.0
// page_builder.hpp - gathers the columns of neighbouring slots into one page of bytes.
//
// Equal columns, and equal time columns, are stored once; a counter may be stored as its difference
// to one of the three before it. One thread; meant to be reused page after page. Builders of pages
// that grow side by side can share what they only need during a call.
#pragma once

#include "storage/column/histogram_column.hpp"
#include "storage/column/page_format.hpp"
#include "storage/column/time_column.hpp"

#include <memory>
#include <unordered_map>

struct ZSTD_CCtx_s;  // of zstd.h, which only the builder's own file includes

namespace narthex::storage::column {

// Where the samples of a column are: rows [row0, row0 + count) of a time column.
struct PageRows {
  std::uint32_t time_column = 0;
  std::uint32_t row0 = 0;
};

// Memory for encoding and compressing, over a megabyte. One thread.
struct PageScratch {
  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  PageScratch();

  ValueScratch values;
  Bytes body;
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> compressor;
};

class PageBuilder {
 public:
  PageBuilder() : PageBuilder(std::make_shared<PageScratch>()) {}
  explicit PageBuilder(std::shared_ptr<PageScratch> scratch) : scratch_(std::move(scratch)) {}

  // The number of a time column with these times. REQUIRES: as encode_times.
  std::uint32_t add_times(std::span<const std::int64_t> times);
  // Where a time column has these times in a row: one that is equal, else a stretch of the one
  // found last, as series have that were born later or ended earlier; else a new one.
  // REQUIRES: as encode_times.
  PageRows place_times(std::span<const std::int64_t> times);

  // Adds a column of `slot`; starts: none, or start times as many as values (0: unknown).
  // REQUIRES: slots come in ascending order, one may come again; rows are within the time column.
  void add_values(std::uint32_t slot, PageRows rows, std::span<const double> values,
                  std::span<const std::int64_t> starts = {});
  // An error, and nothing added, as encode_histograms.
  Status add_histograms(std::uint32_t slot, PageRows rows, std::span<const nx_histogram> values,
                        std::span<const std::int64_t> starts = {});

  bool empty() const { return entries_.empty(); }
  // About the bytes that finish() would append, uncompressed: when a page is full.
  std::size_t size_bytes() const;

  // Appends the page and starts the next one. `compress`: zstd level 1, kept if it saves a 32nd.
  void finish(bool compress, Bytes& out);

 private:
  struct TimeColumn {
    std::vector<std::int64_t> times;
    Bytes bytes;
  };
  struct Recent {
    std::size_t entry;
    std::array<double, kRowsMax> values;
  };

  PageEntry entry_of(std::uint32_t slot, PageRows rows, std::size_t count) const;
  bool share(PageEntry& entry, std::span<const double> values, std::uint64_t hash);
  void encode(PageEntry& entry, std::span<const double> values);
  void remember(std::size_t entry, std::span<const double> values);
  void put_starts(PageEntry& entry, std::span<const std::int64_t> starts);
  void put_body(Bytes& out) const;
  void put_entry(std::size_t index, Bytes& out) const;

  std::uint32_t find_times(std::span<const std::int64_t> times, std::uint64_t hash) const;

  std::shared_ptr<PageScratch> scratch_;
  std::vector<TimeColumn> times_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> times_by_hash_;
  std::uint32_t last_times_ = 0;  // what place_times found last
  std::vector<PageEntry> entries_;
  std::vector<std::size_t> shared_with_;  // of each entry; kNoReference: its data is its own
  Bytes data_;
  std::unordered_map<std::uint64_t, std::size_t> by_hash_;  // of values, to the entry
  std::array<Recent, 3> recent_;  // counters that the next one may be a difference to
  std::size_t recent_count_ = 0;
};

}  // namespace narthex::storage::column
