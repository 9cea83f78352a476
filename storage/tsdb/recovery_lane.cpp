// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/recovery_lane.hpp"

#include <algorithm>
#include <string_view>

namespace narthex::storage::tsdb {
namespace {

// Enough that waking the other thread costs nothing beside it.
constexpr std::size_t kBatchSamples = 32 << 10;
constexpr std::size_t kBatchCharacters = 128 << 10;
constexpr std::uint64_t kWindowLeast = std::uint64_t{1} << 20;
constexpr std::uint64_t kWindowMost = std::uint64_t{8} << 20;
constexpr std::size_t kRecordBytes = std::size_t{256} << 10;  // that comes on top: few are larger
// Fewer are put back sooner than another thread wakes up.
constexpr std::size_t kSamplesForTwo = 16 << 10;

}  // namespace

void RecoveryLane::Batch::clear() {
  series.clear();
  series_ends.clear();
  texts.clear();
  characters.clear();
  rows.clear();
  bits.clear();
  present.clear();
}

RecoveryLane::RecoveryLane(Recovery& behind) : behind_(behind) {
  size_window();
  worker_ = std::thread([this] { work(); });
}

RecoveryLane::~RecoveryLane() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    changed_.notify_all();
  }
  worker_.join();
}

void RecoveryLane::finish() {
  finish_rows();
  put_back();
}

void RecoveryLane::finish_rows() {
  if (!filling().empty()) hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return told_ == filled_; });
  if (error_ != nullptr) std::rethrow_exception(error_);
}

// REQUIRES: no rows wait.
void RecoveryLane::put_back() {
  if (window_.empty()) return;
  const bool many = window_.samples() >= kSamplesForTwo;
  behind_.put_back(window_, [&](const std::function<void()>& part) {
    if (many) return on_both(part);
    part();
  });
  window_.clear();
  looked_at_ = 0;
  size_window();
}

// A byte of the log takes at least one in the head: as long as that is still to come, there is
// room.
void RecoveryLane::size_window() {
  const std::uint64_t room = std::min(left_, behind_.room_bytes() / 4);
  window_max_ = static_cast<std::size_t>(std::clamp(room, kWindowLeast, kWindowMost));
  window_.make_room(window_max_ + kRecordBytes);
}

void RecoveryLane::left(std::uint64_t bytes) {
  const bool begins = left_ == 0;
  left_ = bytes;
  if (begins && window_.empty()) size_window();
}

// Calls it on both threads, and returns when both have.
void RecoveryLane::on_both(const std::function<void()>& part) {
  {
    const std::lock_guard lock(mutex_);
    part_ = &part;
    changed_.notify_all();
  }
  std::exception_ptr error;
  try {
    part();
  } catch (...) {
    error = std::current_exception();
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return part_ == nullptr; });
  if (error == nullptr) error = error_;
  if (error != nullptr) std::rethrow_exception(error);
}

// Returns when there is a batch to fill.
void RecoveryLane::hand_over() {
  std::unique_lock lock(mutex_);
  ++filled_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return filled_ - told_ < batches_.size(); });
  if (error_ != nullptr) std::rethrow_exception(error_);
}

void RecoveryLane::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || part_ != nullptr || told_ != filled_; });
    if (ends_) return;
    const std::function<void()>* const part = part_;
    Batch& batch = batches_[told_ % batches_.size()];
    const bool dead = error_ != nullptr;
    lock.unlock();
    std::exception_ptr error;
    try {
      if (part != nullptr) {
        (*part)();
      } else if (!dead) {
        tell(batch);
      }
    } catch (...) {
      error = std::current_exception();
    }
    if (part == nullptr) batch.clear();
    lock.lock();
    if (error != nullptr) error_ = error;
    if (part != nullptr) {
      part_ = nullptr;
    } else {
      ++told_;
    }
    changed_.notify_all();
  }
}

void RecoveryLane::tell_series(const Batch& batch) {
  const auto text = [&](const Batch::Text& at) {
    return std::string_view(batch.characters).substr(at.at, at.size);
  };
  std::size_t i = 0;
  for (std::size_t s = 0; s < batch.series.size(); ++s) {
    labels_.clear();
    for (; i < batch.series_ends[s]; i += 2) {
      labels_.push_back({text(batch.texts[i]), text(batch.texts[i + 1])});
    }
    behind_.series(batch.series[s], labels_);
  }
}

void RecoveryLane::tell(const Batch& batch) {
  tell_series(batch);
  const std::span<const std::uint64_t> bits(batch.bits);
  std::size_t at = 0;
  const std::uint64_t* present = batch.present.data();
  for (const Batch::Row& row : batch.rows) {
    behind_.row(row.layout, row.t, bits.subspan(at, row.width), row.whole ? nullptr : present);
    at += row.width;
    if (!row.whole) present += (row.width + 63) / 64;
  }
}

void RecoveryLane::samples(std::span<const wal::LoggedRun> runs) {
  finish();
  behind_.samples(runs);
}

// What is of a series with rows is not kept behind them.
void RecoveryLane::gathered() {
  bool has_rows = false;
  for (; looked_at_ < window_.touched(); ++looked_at_) {
    const std::uint32_t ref = window_.ref_of(looked_at_);
    has_rows = has_rows || (ref < in_layouts_.size() && in_layouts_[ref]);
  }
  if (has_rows || window_.bytes() >= window_max_) finish();
}

void RecoveryLane::row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                       const std::uint64_t* present) {
  Batch& batch = filling();
  batch.rows.push_back({layout, t, static_cast<std::uint32_t>(bits.size()), present == nullptr});
  batch.bits.insert(batch.bits.end(), bits.begin(), bits.end());
  if (present != nullptr) {
    batch.present.insert(batch.present.end(), present, present + (bits.size() + 63) / 64);
  }
  if (batch.bits.size() >= kBatchSamples) hand_over();
}

void RecoveryLane::segment(std::uint64_t number, bool carries) {
  finish();
  if (!carries) {
    window_.forget();
    in_layouts_.clear();
  }
  behind_.segment(number, carries);
}

void RecoveryLane::series(std::uint32_t ref, std::span<const wal::LabelView> labels) {
  Batch& batch = filling();
  batch.series.push_back(ref);
  for (const wal::LabelView& label : labels) {
    for (const std::string_view text : {label.name, label.value}) {
      batch.texts.push_back({static_cast<std::uint32_t>(batch.characters.size()),
                             static_cast<std::uint32_t>(text.size())});
      batch.characters += text;
    }
  }
  batch.series_ends.push_back(batch.texts.size());
  if (batch.characters.size() >= kBatchCharacters) hand_over();
}

void RecoveryLane::layout(std::uint64_t layout, std::span<const std::uint32_t> refs) {
  finish_rows();
  for (const std::uint32_t ref : refs) {
    if (ref >= in_layouts_.size()) in_layouts_.resize(std::size_t{ref} + ref / 2 + 1);
    in_layouts_[ref] = true;
    if (window_.touches(ref)) put_back();
  }
  behind_.layout(layout, refs);
}

void RecoveryLane::histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) {
  finish();
  behind_.histogram(ref, t, histogram);
}

void RecoveryLane::start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) {
  finish();
  behind_.start(ref, t, start_t);
}

void RecoveryLane::exemplar(const wal::LoggedExemplar& exemplar) {
  finish_rows();
  behind_.exemplar(exemplar);
}

void RecoveryLane::metadata(const wal::LoggedMetadata& metadata) {
  finish_rows();
  behind_.metadata(metadata);
}

void RecoveryLane::erase(std::span<const std::uint32_t> refs, std::int64_t min_t,
                         std::int64_t max_t) {
  finish();
  behind_.erase(refs, min_t, max_t);
}

}  // namespace narthex::storage::tsdb
