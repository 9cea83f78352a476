// SPDX-License-Identifier: Apache-2.0
// row_group.hpp - the rows of a cohort: series that are written together share one time column.
//
// A row is one timestamp and a value a slot; appending one takes over its memory, so it costs the
// same for 2 and for 20,000 series. At most 8 rows are sealed into a tile, each group at another
// row than the next one, and 4 such tiles into one. Times of rows ascend strictly.
//
// Everything here is guarded by the commit lock. Readers take a GroupView under it and then read
// without: tiles never change, and rows below the count they saw never change.
#pragma once

#include "storage/head/chunk.hpp"
#include "storage/index/epochs.hpp"
#include "storage/head/series.hpp"
#include "storage/head/tile.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace narthex::storage::head {

struct OpenRows {
  std::array<Row, kOpenRows> rows;
};

class RowGroup {
 public:
  explicit RowGroup(std::uint64_t id) : id_(id) {}
  ~RowGroup();
  RowGroup(const RowGroup&) = delete;
  RowGroup& operator=(const RowGroup&) = delete;

  std::uint64_t id() const { return id_; }
  const std::vector<Series*>& slots() const { return slots_; }
  std::uint32_t add_slot(Series& series);
  void forget_slots() { slots_.clear(); }

  // Whether a row at t is newer than all that its series have, without looking at each.
  bool takes_rows_at(std::int64_t t) const { return exclusive && t > last_t_ && t > foreign_t; }
  // REQUIRES: takes_rows_at(row.t), or t > last_t() and the caller has looked at each series.
  // Returns by how many bytes the group grew; retires what it packed.
  std::int64_t append(Row row, index::Epochs& epochs, bool keep_sequences);
  // Packs the open rows. Returns by how many bytes the group grew.
  std::int64_t seal(index::Epochs& epochs, bool keep_sequences);

  std::int64_t last_t() const { return last_t_; }
  std::int64_t first_t() const;  // kNoTime when it holds nothing
  bool empty() const { return tiles_.empty() && open_count_ == 0; }
  std::size_t tile_count() const { return tiles_.size(); }
  // The newest sample of a slot that no tombstone of this group hides; false when it has none.
  bool newest(std::uint32_t slot, std::span<const Tombstone> tombstones, Sample& out) const;
  bool oldest(std::uint32_t slot, std::span<const Tombstone> tombstones, Sample& out) const;

  // Drops tiles whose last row is older than t. Returns bytes; adds to `samples` what went.
  std::int64_t drop_before(std::int64_t t, index::Epochs& epochs, std::uint64_t& samples);
  // Drops the open rows too, if they all are older than t.
  std::int64_t drop_open_before(std::int64_t t, index::Epochs& epochs, std::uint64_t& samples);
  // Packs the open rows and marks all tiles as being flushed. Returns by how many bytes it grew.
  std::int64_t freeze(index::Epochs& epochs, bool keep_sequences);
  // Drops the marked tiles, but keeps the newest of their rows for newest(). Returns bytes.
  std::int64_t drop_frozen(index::Epochs& epochs);
  void thaw() { frozen_tiles_ = 0; }
  // newest() no longer gives the flushed sample of the slot where it is in the range. Returns by
  // how many bytes the group grew.
  std::int64_t forget_flushed(std::uint32_t slot, std::int64_t min_t, std::int64_t max_t);
  // Rewrites tiles without the samples that tombstones hide.
  std::int64_t erase_deleted(index::Epochs& epochs);
  std::size_t bytes() const;
  // visit(last_t, bytes) for each tile.
  template <class Visit>
  void each_tile(Visit&& visit) const {
    for (const auto& tile : tiles_) visit(tile->times().back(), tile->bytes());
  }

  bool live = true;                  // its cohort writes to it
  bool exclusive = true;             // no series of it is in another live group
  std::int64_t foreign_t = kNoTime;  // newest sample its series got from elsewhere
  std::shared_ptr<void> logged;      // the journal's, guarded by the writer lock

 private:
  friend class GroupView;

  std::int64_t join_tiles(index::Epochs& epochs);

  const std::uint64_t id_;
  std::vector<Series*> slots_;
  std::vector<const Tile*> tiles_;  // owned
  OpenRows* open_ = nullptr;        // owned
  std::uint32_t open_count_ = 0;
  std::size_t frozen_tiles_ = 0;
  std::unique_ptr<Row> flushed_row_;  // the newest that was flushed
  std::uint64_t next_row_ = 0;        // rows ever appended
  std::int64_t last_t_ = kNoTime;
};

// The rows of a group in a time range that a reader may see. Built under the commit lock, read
// without it, valid while the reader's epoch lasts.
class GroupView {
 public:
  GroupView() = default;
  GroupView(const RowGroup& group, std::int64_t min_t, std::int64_t max_t, std::uint64_t sequence);

  std::uint32_t rows() const { return rows_; }
  std::uint64_t first_row() const { return first_row_; }
  void times(std::int64_t* out) const;  // [rows()]
  // The values of a slot at out[k] for row k, where it is present: in [first, last). False when it
  // is absent in between. first == last: nowhere.
  bool column(std::uint32_t slot, std::uint64_t* out, std::uint32_t& first,
              std::uint32_t& last) const;
  void append_samples(std::uint32_t slot, std::vector<Sample>& out) const;
  // The newest sample of the slot; false when there is none.
  bool newest(std::uint32_t slot, Sample& out) const;

 private:
  struct Part {  // rows [begin, end) of a tile
    const Tile* tile;
    std::uint32_t begin;
    std::uint32_t end;
  };

  std::vector<Part> parts_;
  const OpenRows* open_ = nullptr;
  std::uint32_t open_begin_ = 0;
  std::uint32_t open_end_ = 0;
  std::uint32_t rows_ = 0;
  std::uint64_t first_row_ = 0;
};

}  // namespace narthex::storage::head
