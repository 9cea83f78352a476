// SPDX-License-Identifier: Apache-2.0
// How readers see a row group (the class is declared in row_group.hpp).
#include "storage/head/row_group.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::storage::head {
namespace {

std::uint32_t index_of(std::span<const std::int64_t> times, std::int64_t t) {
  return static_cast<std::uint32_t>(std::lower_bound(times.begin(), times.end(), t) -
                                    times.begin());
}

// The rows [begin, end) of a mask, moved to the low end.
std::uint32_t part_of(std::uint32_t mask, std::uint32_t begin, std::uint32_t end) {
  if (end < 32) mask &= (std::uint32_t{1} << end) - 1;
  return begin < 32 ? mask >> begin : 0;
}

// How many bits are set below `begin`.
std::uint32_t count_below(std::uint32_t mask, std::uint32_t begin) {
  return static_cast<std::uint32_t>(std::popcount(mask & ((std::uint32_t{1} << begin) - 1)));
}

// Follows where a column is present, part by part, and notices holes.
struct Presence {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool holes = false;

  void add(std::uint32_t base, std::uint32_t mask) {
    if (mask == 0) return;
    const std::uint32_t low = base + static_cast<std::uint32_t>(std::countr_zero(mask));
    const std::uint32_t high = base + 32 - static_cast<std::uint32_t>(std::countl_zero(mask));
    const bool gap_inside = high - low != static_cast<std::uint32_t>(std::popcount(mask));
    const bool gap_before = last != first && last != low;
    holes = holes || gap_inside || gap_before;
    if (first == last) first = low;
    last = high;
  }
};

}  // namespace

GroupView::GroupView(const RowGroup& group, std::int64_t min_t, std::int64_t max_t,
                     std::uint64_t sequence) {
  const auto& tiles = group.tiles_;
  auto at =
      std::lower_bound(tiles.begin(), tiles.end(), min_t,
                       [](const Tile* tile, std::int64_t t) { return tile->times().back() < t; });
  bool any = false;
  for (; at != tiles.end() && (*at)->times().front() <= max_t; ++at) {
    const auto times = (*at)->times();
    const std::uint32_t begin = index_of(times, min_t);
    const auto above = std::upper_bound(times.begin(), times.end(), max_t);
    const std::uint32_t end =
        std::min(static_cast<std::uint32_t>(above - times.begin()), (*at)->rows_until(sequence));
    if (begin >= end) continue;
    if (!any) first_row_ = (*at)->first_row() + begin;
    any = true;
    parts_.push_back({*at, begin, end});
    rows_ += end - begin;
  }
  open_ = group.open_;
  std::uint32_t r = 0;
  while (r < group.open_count_ && open_->rows[r].t < min_t) ++r;
  open_begin_ = open_end_ = r;
  while (open_end_ < group.open_count_ && open_->rows[open_end_].t <= max_t &&
         open_->rows[open_end_].sequence <= sequence) {
    ++open_end_;
  }
  if (!any) first_row_ = group.next_row_ - group.open_count_ + open_begin_;
  rows_ += open_end_ - open_begin_;
}

void GroupView::times(std::int64_t* out) const {
  for (const Part& part : parts_) {
    const std::uint32_t count = part.end - part.begin;
    std::memcpy(out, part.tile->times().data() + part.begin, count * sizeof *out);
    out += count;
  }
  for (std::uint32_t r = open_begin_; r < open_end_; ++r) *out++ = open_->rows[r].t;
}

bool GroupView::column(std::uint32_t slot, std::uint64_t* out, std::uint32_t& first,
                       std::uint32_t& last) const {
  Presence presence;
  std::uint32_t base = 0;
  for (const Part& part : parts_) {
    const std::uint32_t count = part.end - part.begin;
    // Whole tiles go straight to their place. kTileRows values fit there, unless it is a short tile
    // at the end of the column.
    if (count == kTileRows) {
      const std::uint32_t mask = part.tile->column(slot, out + base);
      presence.add(base, mask);
      if (presence.holes) return false;
      if (mask != 0 && (mask & 1) == 0) {
        // Born inside this tile: its values belong to the upper rows.
        const auto born = static_cast<std::uint32_t>(std::countr_zero(mask));
        std::memmove(out + base + born, out + base,
                     static_cast<std::size_t>(std::popcount(mask)) * sizeof *out);
      }
    } else {
      std::uint64_t values[kTileRows];
      const std::uint32_t whole = part.tile->column(slot, values);
      const std::uint32_t mask = part_of(whole, part.begin, part.end);
      presence.add(base, mask);
      if (presence.holes) return false;
      if (mask != 0) {
        std::memcpy(out + base + std::countr_zero(mask), values + count_below(whole, part.begin),
                    static_cast<std::size_t>(std::popcount(mask)) * sizeof *out);
      }
    }
    base += count;
  }
  for (std::uint32_t r = open_begin_; r < open_end_; ++r, ++base) {
    if (!open_->rows[r].has(slot)) continue;
    presence.add(base, 1);
    out[base] = open_->rows[r].bits[slot];
  }
  first = presence.first;
  last = presence.last;
  return !presence.holes;
}

void GroupView::append_samples(std::uint32_t slot, std::vector<Sample>& out) const {
  for (const Part& part : parts_) {
    std::uint64_t values[kTileRows];
    const std::uint32_t whole = part.tile->column(slot, values);
    std::uint32_t index = count_below(whole, part.begin);
    for (std::uint32_t mask = part_of(whole, part.begin, part.end); mask != 0; mask &= mask - 1) {
      const auto row = part.begin + static_cast<std::uint32_t>(std::countr_zero(mask));
      out.push_back({part.tile->times()[row], values[index++]});
    }
  }
  for (std::uint32_t r = open_begin_; r < open_end_; ++r) {
    const Row& row = open_->rows[r];
    if (row.has(slot)) out.push_back({row.t, row.bits[slot]});
  }
}

bool GroupView::newest(std::uint32_t slot, Sample& out) const {
  for (std::uint32_t r = open_end_; r > open_begin_; --r) {
    const Row& row = open_->rows[r - 1];
    if (!row.has(slot)) continue;
    out = {row.t, row.bits[slot]};
    return true;
  }
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    std::uint64_t values[kTileRows];
    const std::uint32_t whole = part->tile->column(slot, values);
    const std::uint32_t mask = part_of(whole, part->begin, part->end);
    if (mask == 0) continue;
    const std::uint32_t row = part->begin + 31 - static_cast<std::uint32_t>(std::countl_zero(mask));
    out = {part->tile->times()[row], values[count_below(whole, row)]};
    return true;
  }
  return false;
}

}  // namespace narthex::storage::head
