// SPDX-License-Identifier: Apache-2.0
// A column is nothing (an absent slot), or a head byte, the mask if some rows are absent, and the
// packed values.
#include "storage/head/tile.hpp"

#include "storage/head/bit_pack.hpp"
#include "storage/head/value_column.hpp"

#include <algorithm>
#include <bit>

namespace narthex::storage::head {
namespace {

enum Head : std::uint8_t { kAllRows, kSomeRows };

std::uint32_t all_rows(std::size_t rows) {
  return rows >= 32 ? UINT32_MAX : (std::uint32_t{1} << rows) - 1;
}

}  // namespace

Tile::Tile(std::span<const Row> rows, std::uint32_t slot_count, std::uint64_t first_row,
           bool keep_sequences)
    : first_row_(first_row) {
  for (const Row& row : rows) {
    times_.push_back(row.t);
    if (keep_sequences) sequences_.push_back(row.sequence);
  }
  offsets_.reserve(slot_count + 1);
  bytes_.reserve(slot_count * 24);
  for (std::uint32_t slot = 0; slot < slot_count; ++slot) {
    TileColumn column;
    std::size_t count = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (!rows[r].has(slot)) continue;
      column.bits[count++] = rows[r].bits[slot];
      column.mask |= std::uint32_t{1} << r;
    }
    append(column);
  }
  finish();
}

Tile::Tile(std::span<const Tile* const> parts) : first_row_(parts.front()->first_row_) {
  const bool sequences = std::any_of(parts.begin(), parts.end(),
                                     [](const Tile* part) { return !part->sequences_.empty(); });
  std::uint32_t slots = 0;
  for (const Tile* part : parts) {
    times_.insert(times_.end(), part->times_.begin(), part->times_.end());
    slots = std::max(slots, part->slot_count());
    if (!sequences) continue;
    sequences_.insert(sequences_.end(), part->sequences_.begin(), part->sequences_.end());
    sequences_.resize(times_.size(), 0);  // rows that every reader sees
  }
  offsets_.reserve(slots + 1);
  bytes_.reserve(slots * 24);
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    TileColumn column;
    std::size_t count = 0;
    std::uint32_t base = 0;
    for (const Tile* part : parts) {
      // A short column may be decoded beyond its values: there is room for a whole one.
      std::uint64_t values[kTileRows];
      const std::uint32_t mask = part->column(slot, values);
      const auto size = static_cast<std::size_t>(std::popcount(mask));
      std::copy_n(values, size, column.bits + count);
      count += size;
      column.mask |= mask << base;
      base += part->rows();
    }
    append(column);
  }
  finish();
}

Tile::Tile(const Tile& from, const std::function<void(std::uint32_t, TileColumn&)>& edit)
    : first_row_(from.first_row_), times_(from.times_), sequences_(from.sequences_) {
  for (std::uint32_t slot = 0; slot < from.slot_count(); ++slot) {
    TileColumn column;
    column.mask = from.column(slot, column.bits);
    const std::uint32_t before = column.mask;
    edit(slot, column);
    std::size_t kept = 0;
    std::size_t read = 0;
    for (std::uint32_t left = before; left != 0; left &= left - 1, ++read) {
      if ((column.mask & left & -left) != 0) column.bits[kept++] = column.bits[read];
    }
    append(column);
  }
  finish();
}

void Tile::append(const TileColumn& column) {
  offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  if (column.mask == 0) return;
  if (column.mask == all_rows(times_.size())) {
    bytes_.push_back(kAllRows);
  } else {
    bytes_.push_back(kSomeRows);
    for (int shift = 0; shift < 32; shift += 8) {
      bytes_.push_back(static_cast<std::uint8_t>(column.mask >> shift));
    }
  }
  encode_values({column.bits, static_cast<std::size_t>(std::popcount(column.mask))}, bytes_);
}

void Tile::finish() {
  offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  bytes_.resize(bytes_.size() + kSlack);
  bytes_.shrink_to_fit();
  offsets_.shrink_to_fit();
  times_.shrink_to_fit();
}

std::uint32_t Tile::rows_until(std::uint64_t sequence) const {
  if (sequences_.empty()) return rows();
  return static_cast<std::uint32_t>(
      std::upper_bound(sequences_.begin(), sequences_.end(), sequence) - sequences_.begin());
}

std::size_t Tile::bytes() const {
  return sizeof *this + (times_.capacity() + sequences_.capacity()) * 8 +
         offsets_.capacity() * sizeof(std::uint32_t) + bytes_.capacity();
}

const std::uint8_t* Tile::at(std::uint32_t slot, std::uint32_t& mask) const {
  mask = 0;
  if (slot >= slot_count() || offsets_[slot] == offsets_[slot + 1]) return nullptr;
  const std::uint8_t* in = bytes_.data() + offsets_[slot];
  if (*in++ == kAllRows) {
    mask = all_rows(times_.size());
  } else {
    std::memcpy(&mask, in, sizeof mask);
    in += sizeof mask;
  }
  return in;
}

std::uint32_t Tile::mask(std::uint32_t slot) const {
  std::uint32_t mask = 0;
  (void)at(slot, mask);
  return mask;
}

std::uint32_t Tile::column(std::uint32_t slot, std::uint64_t* out) const {
  std::uint32_t mask = 0;
  const std::uint8_t* in = at(slot, mask);
  if (in != nullptr) decode_values(in, static_cast<std::size_t>(std::popcount(mask)), out);
  return mask;
}

}  // namespace narthex::storage::head
