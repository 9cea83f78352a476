// SPDX-License-Identifier: Apache-2.0
#include "remote_write/shard.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace narthex::remote_write {

void Shard::put(OutRow row, Place place, std::int64_t now_ns) {
  if (place < acked_) return;
  counts_ += count_rows({&row, 1});
  rows_.push_back({std::move(row), place, now_ns});
}

std::size_t Shard::due(Place read_to, std::size_t rows_max, std::int64_t now_ns,
                       std::int64_t deadline_ns) const {
  if (sending_ != 0 || rows_.empty()) return 0;
  if (rows_.front().place < resume_to_) {
    if (read_to < resume_to_ && rows_.back().place < resume_to_) return 0;  // not all read yet
    const auto end = std::find_if(rows_.begin(), rows_.end(), [&](const Waiting& waiting) {
      return waiting.place >= resume_to_;
    });
    return static_cast<std::size_t>(end - rows_.begin());
  }
  if (rows_.size() >= rows_max) return rows_max;
  return now_ns - rows_.front().since_ns >= deadline_ns ? rows_.size() : 0;
}

std::int64_t Shard::due_at_ns(std::int64_t deadline_ns) const {
  if (sending_ != 0 || rows_.empty()) return std::numeric_limits<std::int64_t>::max();
  return rows_.front().since_ns + deadline_ns;
}

std::span<const OutRow> Shard::begin(std::size_t count) {
  sending_ = count;
  batch_.clear();
  for (std::size_t i = 0; i < count; ++i) batch_.push_back(rows_[i].row);
  return batch_;
}

void Shard::end() {
  counts_ -= count_rows(batch_);
  acked_ = rows_[sending_ - 1].place;
  ++acked_.row;
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(sending_));
  sending_ = 0;
  batch_.clear();
}

ShardPlace Shard::place(Place read_to) const {
  if (rows_.empty()) {
    return {std::max(read_to, acked_), read_to < resume_to_ ? resume_to_ : Place()};
  }
  ShardPlace place{rows_.front().place, {}};
  if (sending_ != 0) {
    place.sending = rows_[sending_ - 1].place;
    ++place.sending.row;
  } else if (rows_.front().place < resume_to_) {
    place.sending = resume_to_;  // still to be sent as it was
  }
  return place;
}

}  // namespace narthex::remote_write
