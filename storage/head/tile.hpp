// SPDX-License-Identifier: Apache-2.0
// tile.hpp - the sealed rows of a group: one time column, and a packed value column a slot.
//
// Immutable. A slot may be absent from some rows or from all. Dropped tiles are retired through
// Epochs, so readers hold plain pointers.
#pragma once

#include "storage/head/byte_stream.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace narthex::storage::head {

inline constexpr std::uint32_t kTileRows = 32;
inline constexpr std::uint32_t kOpenRows = 8;  // raw ones, before they are packed

// A row of a group that is not sealed yet.
struct Row {
  std::int64_t t = 0;
  std::uint64_t sequence = 0;                // of its commit
  std::uint32_t width = 0;                   // slots from here on are absent
  std::unique_ptr<std::uint64_t[]> bits;     // [width]
  std::unique_ptr<std::uint64_t[]> present;  // bit s: slot s is there; nullptr: all

  bool has(std::uint32_t slot) const {
    return slot < width && (present == nullptr || ((present[slot / 64] >> slot % 64) & 1) != 0);
  }
  std::size_t bytes() const {
    return width * sizeof(std::uint64_t) + (present != nullptr ? width / 8 : 0);
  }
};

// What one slot holds of one tile: values of the rows whose bit is set, packed together.
struct TileColumn {
  std::uint32_t mask = 0;
  std::uint64_t bits[kTileRows];
};

class Tile {
 public:
  // REQUIRES: 1 <= rows.size() <= kTileRows.
  Tile(std::span<const Row> rows, std::uint32_t slot_count, std::uint64_t first_row,
       bool keep_sequences);
  // The rows of several. REQUIRES: neighbours, kTileRows rows at most.
  explicit Tile(std::span<const Tile* const> parts);
  // The same rows with columns that `edit` may take samples from (it clears bits of the mask).
  Tile(const Tile& from, const std::function<void(std::uint32_t slot, TileColumn&)>& edit);

  std::uint64_t first_row() const { return first_row_; }  // counted from the group's beginning
  std::span<const std::int64_t> times() const { return times_; }
  std::uint32_t rows() const { return static_cast<std::uint32_t>(times_.size()); }
  // Rows whose commit is not newer than `sequence`: they are the first ones.
  std::uint32_t rows_until(std::uint64_t sequence) const;
  std::uint32_t slot_count() const { return static_cast<std::uint32_t>(offsets_.size() - 1); }
  std::size_t bytes() const;

  // Which rows the slot is in.
  std::uint32_t mask(std::uint32_t slot) const;
  // The values of those rows, packed together; out has room for kTileRows. Returns the mask.
  std::uint32_t column(std::uint32_t slot, std::uint64_t* out) const;

 private:
  void append(const TileColumn& column);
  void finish();
  const std::uint8_t* at(std::uint32_t slot, std::uint32_t& mask) const;

  std::uint64_t first_row_;
  std::vector<std::int64_t> times_;
  std::vector<std::uint64_t> sequences_;  // empty: every reader sees all rows
  std::vector<std::uint32_t> offsets_;    // [slots + 1]
  Bytes bytes_;
};

}  // namespace narthex::storage::head
