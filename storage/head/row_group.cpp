// SPDX-License-Identifier: Apache-2.0
#include "storage/head/row_group.hpp"

#include <algorithm>
#include <bit>

namespace narthex::storage::head {
namespace {

bool hidden(const RowGroup* group, std::int64_t t, std::span<const Tombstone> tombstones) {
  for (const Tombstone& tomb : tombstones) {
    if (tomb.group == group && t >= tomb.min_t && t <= tomb.max_t) return true;
  }
  return false;
}

std::uint64_t samples_in(const Tile& tile) {
  std::uint64_t count = 0;
  for (std::uint32_t slot = 0; slot < tile.slot_count(); ++slot) {
    count += static_cast<std::uint64_t>(std::popcount(tile.mask(slot)));
  }
  return count;
}

std::int64_t signed_bytes(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }

// The newest row of a tile, unpacked.
Row last_row(const Tile& tile) {
  Row row;
  row.t = tile.times().back();
  row.width = tile.slot_count();
  row.bits = std::make_unique<std::uint64_t[]>(row.width);
  row.present = std::make_unique<std::uint64_t[]>((row.width + 63) / 64);
  const std::uint32_t last = std::uint32_t{1} << (tile.rows() - 1);
  for (std::uint32_t slot = 0; slot < row.width; ++slot) {
    std::uint64_t values[kTileRows];
    const std::uint32_t mask = tile.column(slot, values);
    if ((mask & last) == 0) continue;
    row.bits[slot] = values[std::popcount(mask) - 1];
    row.present[slot / 64] |= std::uint64_t{1} << slot % 64;
  }
  return row;
}

}  // namespace

RowGroup::~RowGroup() {
  for (const Tile* tile : tiles_) delete tile;
  delete open_;
}

std::uint32_t RowGroup::add_slot(Series& series) {
  slots_.push_back(&series);
  return static_cast<std::uint32_t>(slots_.size() - 1);
}

std::int64_t RowGroup::append(Row row, index::Epochs& epochs, bool keep_sequences) {
  std::int64_t grown = signed_bytes(row.bytes());
  if (open_ == nullptr) {
    open_ = new OpenRows();  // retired by seal()
    grown += signed_bytes(sizeof(OpenRows));
  }
  last_t_ = row.t;
  ++next_row_;
  open_->rows[open_count_++] = std::move(row);
  // Groups take turns: raw rows are eight times as large as packed ones, and targets are scraped in
  // step. Were all of them to seal at once, memory would go up and down with them.
  const bool its_turn = (next_row_ + id_) % kOpenRows == 0;
  if (its_turn) grown += seal(epochs, keep_sequences) + join_tiles(epochs);
  return grown;
}

std::int64_t RowGroup::seal(index::Epochs& epochs, bool keep_sequences) {
  if (open_count_ == 0) return 0;
  const std::span<const Row> rows(open_->rows.data(), open_count_);
  std::size_t freed = sizeof(OpenRows);
  std::uint32_t width = 0;
  for (const Row& row : rows) {
    freed += row.bytes();
    width = std::max(width, row.width);
  }
  const auto* tile = new Tile(rows, width, next_row_ - open_count_, keep_sequences);
  tiles_.push_back(tile);
  epochs.retire(open_, freed);
  open_ = nullptr;
  open_count_ = 0;
  return signed_bytes(tile->bytes()) - signed_bytes(freed);
}

// Of a row's life the first part is spent in small tiles: raw rows are large, and packing few of
// them is better than keeping them.
std::int64_t RowGroup::join_tiles(index::Epochs& epochs) {
  std::size_t first = tiles_.size();
  std::uint32_t rows = 0;
  while (first > frozen_tiles_ && tiles_[first - 1]->rows() <= kOpenRows &&
         rows + tiles_[first - 1]->rows() <= kTileRows) {
    rows += tiles_[--first]->rows();
  }
  if (rows + kOpenRows <= kTileRows) return 0;
  const std::span<const Tile* const> parts = std::span(tiles_).subspan(first);
  const auto* whole = new Tile(parts);
  std::int64_t grown = signed_bytes(whole->bytes());
  for (const Tile* part : parts) {
    grown -= signed_bytes(part->bytes());
    epochs.retire(part, part->bytes());
  }
  tiles_.resize(first);
  tiles_.push_back(whole);
  return grown;
}

std::int64_t RowGroup::freeze(index::Epochs& epochs, bool keep_sequences) {
  const std::int64_t grown = seal(epochs, keep_sequences);
  frozen_tiles_ = tiles_.size();
  return grown;
}

std::int64_t RowGroup::drop_frozen(index::Epochs& epochs) {
  if (frozen_tiles_ == 0) return 0;
  std::int64_t freed = 0;
  if (frozen_tiles_ == tiles_.size()) {
    auto row = std::make_unique<Row>(last_row(*tiles_.back()));
    freed -= signed_bytes(row->bytes());
    if (flushed_row_ != nullptr) freed += signed_bytes(flushed_row_->bytes());
    flushed_row_ = std::move(row);
  } else if (flushed_row_ != nullptr) {
    freed += signed_bytes(flushed_row_->bytes());
    flushed_row_.reset();
  }
  const auto keep = tiles_.begin() + static_cast<std::ptrdiff_t>(frozen_tiles_);
  for (auto at = tiles_.begin(); at != keep; ++at) {
    freed += signed_bytes((*at)->bytes());
    epochs.retire(*at, (*at)->bytes());
  }
  tiles_.erase(tiles_.begin(), keep);
  frozen_tiles_ = 0;
  return -freed;
}

std::int64_t RowGroup::forget_flushed(std::uint32_t slot, std::int64_t min_t, std::int64_t max_t) {
  if (flushed_row_ == nullptr || !flushed_row_->has(slot)) return 0;
  Row& row = *flushed_row_;
  if (row.t < min_t || row.t > max_t) return 0;
  const std::size_t before = row.bytes();
  if (row.present == nullptr) {
    const std::size_t words = (row.width + 63) / 64;
    row.present = std::make_unique_for_overwrite<std::uint64_t[]>(words);
    std::fill_n(row.present.get(), words, ~std::uint64_t{0});
  }
  row.present[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  return signed_bytes(row.bytes()) - signed_bytes(before);
}

std::int64_t RowGroup::first_t() const {
  if (!tiles_.empty()) return tiles_.front()->times().front();
  return open_count_ > 0 ? open_->rows[0].t : kNoTime;
}

bool RowGroup::newest(std::uint32_t slot, std::span<const Tombstone> tombstones,
                      Sample& out) const {
  for (std::uint32_t r = open_count_; r > 0; --r) {
    const Row& row = open_->rows[r - 1];
    if (!row.has(slot) || hidden(this, row.t, tombstones)) continue;
    out = {row.t, row.bits[slot]};
    return true;
  }
  for (auto at = tiles_.rbegin(); at != tiles_.rend(); ++at) {
    TileColumn column;
    column.mask = (*at)->column(slot, column.bits);
    int index = std::popcount(column.mask);
    while (column.mask != 0) {
      const int row = 31 - std::countl_zero(column.mask);
      column.mask ^= std::uint32_t{1} << row;
      --index;
      const std::int64_t t = (*at)->times()[static_cast<std::size_t>(row)];
      if (hidden(this, t, tombstones)) continue;
      out = {t, column.bits[index]};
      return true;
    }
  }
  if (flushed_row_ == nullptr || !flushed_row_->has(slot)) return false;
  if (hidden(this, flushed_row_->t, tombstones)) return false;
  out = {flushed_row_->t, flushed_row_->bits[slot]};
  return true;
}

bool RowGroup::oldest(std::uint32_t slot, std::span<const Tombstone> tombstones,
                      Sample& out) const {
  for (const Tile* tile : tiles_) {
    TileColumn column;
    column.mask = tile->column(slot, column.bits);
    for (int index = 0; column.mask != 0; column.mask &= column.mask - 1, ++index) {
      const auto row = static_cast<std::size_t>(std::countr_zero(column.mask));
      if (hidden(this, tile->times()[row], tombstones)) continue;
      out = {tile->times()[row], column.bits[index]};
      return true;
    }
  }
  for (std::uint32_t r = 0; r < open_count_; ++r) {
    const Row& row = open_->rows[r];
    if (!row.has(slot) || hidden(this, row.t, tombstones)) continue;
    out = {row.t, row.bits[slot]};
    return true;
  }
  return false;
}

std::int64_t RowGroup::drop_before(std::int64_t t, index::Epochs& epochs, std::uint64_t& samples) {
  std::int64_t freed = 0;
  const auto keep = std::find_if(tiles_.begin(), tiles_.end(),
                                 [&](const Tile* tile) { return tile->times().back() >= t; });
  for (auto at = tiles_.begin(); at != keep; ++at) {
    freed += signed_bytes((*at)->bytes());
    samples += samples_in(**at);
    epochs.retire(*at, (*at)->bytes());
  }
  tiles_.erase(tiles_.begin(), keep);
  return -freed;
}

std::int64_t RowGroup::drop_open_before(std::int64_t t, index::Epochs& epochs,
                                        std::uint64_t& samples) {
  if (open_count_ == 0 || last_t_ >= t) return 0;
  return seal(epochs, false) + drop_before(t, epochs, samples);
}

std::int64_t RowGroup::erase_deleted(index::Epochs& epochs) {
  std::int64_t grown = 0;
  for (const Tile*& tile : tiles_) {
    bool changed = false;
    const auto* edited = new Tile(*tile, [&](std::uint32_t slot, TileColumn& column) {
      const Series* series = slot < slots_.size() ? slots_[slot] : nullptr;
      if (series == nullptr || series->extra() == nullptr) return;
      for (std::uint32_t r = 0; r < tile->rows(); ++r) {
        const std::uint32_t bit = std::uint32_t{1} << r;
        if ((column.mask & bit) != 0 &&
            hidden(this, tile->times()[r], series->extra()->tombstones)) {
          column.mask ^= bit;
          changed = true;
        }
      }
    });
    if (!changed) {
      delete edited;
      continue;
    }
    grown += signed_bytes(edited->bytes()) - signed_bytes(tile->bytes());
    epochs.retire(tile, tile->bytes());
    tile = edited;
  }
  for (std::uint32_t slot = 0; flushed_row_ != nullptr && slot < slots_.size(); ++slot) {
    const SeriesExtra* extra = slots_[slot]->extra();
    if (extra == nullptr || !hidden(this, flushed_row_->t, extra->tombstones)) continue;
    grown += forget_flushed(slot, flushed_row_->t, flushed_row_->t);
  }
  return grown;
}

std::size_t RowGroup::bytes() const {
  std::size_t bytes = sizeof *this + slots_.capacity() * sizeof(Series*);
  for (const Tile* tile : tiles_) bytes += tile->bytes();
  for (std::uint32_t r = 0; r < open_count_; ++r) bytes += open_->rows[r].bytes();
  if (flushed_row_ != nullptr) bytes += flushed_row_->bytes();
  return bytes + (open_ != nullptr ? sizeof(OpenRows) : 0);
}

}  // namespace narthex::storage::head
