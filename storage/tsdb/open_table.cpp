// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/open_table.hpp"

#include <algorithm>
#include <atomic>

namespace narthex::storage::tsdb {
namespace {

// Ids are looked up in an array while it is not much larger than the table.
constexpr std::size_t kSparseMax = 4;

std::atomic<std::uint64_t> next_number{1};

}  // namespace

OpenTable::OpenTable(std::shared_ptr<partition::TableEntry> entry,
                     std::shared_ptr<const partition::Table> table, std::vector<std::uint32_t> ids,
                     const head::SeriesIndex& index)
    : entry_(std::move(entry)),
      table_(std::move(table)),
      ids_(std::move(ids)),
      index_(index),
      number_(next_number++) {
  if (ids_.empty()) return;
  const auto [least, most] = std::minmax_element(ids_.begin(), ids_.end());
  least_id_ = *least;
  const std::size_t span = std::size_t{*most} - *least + 1;
  if (span <= kSparseMax * ids_.size()) {
    ordinals_.assign(span, kAbsent);
    for (std::uint32_t o = 0; o < ids_.size(); ++o) ordinals_[ids_[o] - least_id_] = o;
    return;
  }
  by_id_.reserve(ids_.size());
  for (std::uint32_t o = 0; o < ids_.size(); ++o) by_id_.emplace_back(ids_[o], o);
  std::sort(by_id_.begin(), by_id_.end());
}

OpenTable::~OpenTable() {
  for (const std::uint32_t id : ids_) {
    head::Series* series = index_.series(id);
    if (series != nullptr) series->pins.fetch_sub(1, std::memory_order_relaxed);
  }
}

std::uint32_t OpenTable::ordinal_of(std::uint32_t series_id) const {
  if (!ordinals_.empty()) {
    const std::size_t at = std::size_t{series_id} - least_id_;  // wraps below the least
    return series_id >= least_id_ && at < ordinals_.size() ? ordinals_[at] : kAbsent;
  }
  const auto at = std::lower_bound(by_id_.begin(), by_id_.end(), std::pair(series_id, 0u));
  return at != by_id_.end() && at->first == series_id ? at->second : kAbsent;
}

bool OpenTable::overlaps(std::int64_t min_t, std::int64_t max_t) const {
  const partition::TableFigures& figures = table_->figures();
  return figures.min_t <= max_t && figures.max_t >= min_t;
}

bool OpenTable::may_hold(std::uint32_t ordinal, std::int64_t min_t, std::int64_t max_t) const {
  const partition::TableGroup& group = table_->groups()[table_->group_of(ordinal)];
  const auto chunks = table_->chunks().subspan(group.first_chunk, group.chunk_count);
  return std::any_of(chunks.begin(), chunks.end(), [&](const partition::TableChunk& chunk) {
    return chunk.min_t <= max_t && chunk.max_t >= min_t;
  });
}

std::size_t OpenTable::bytes() const {
  return sizeof *this + (ids_.capacity() + ordinals_.capacity()) * sizeof(std::uint32_t) +
         by_id_.capacity() * sizeof by_id_[0];
}

}  // namespace narthex::storage::tsdb
