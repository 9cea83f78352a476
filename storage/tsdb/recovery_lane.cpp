// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/recovery_lane.hpp"

namespace narthex::storage::tsdb {
namespace {

// Enough that waking the other thread costs nothing beside it.
constexpr std::size_t kBatchSamples = 32 << 10;

}  // namespace

void RecoveryLane::Batch::clear() {
  runs.clear();
  rows.clear();
  t.clear();
  bits.clear();
  present.clear();
}

RecoveryLane::RecoveryLane(wal::ReplayVisitor& behind) : behind_(behind) {
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
  if (!filling().bits.empty()) hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return told_ == filled_; });
  if (error_ != nullptr) std::rethrow_exception(error_);
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
    changed_.wait(lock, [this] { return ends_ || told_ != filled_; });
    if (ends_) return;
    Batch& batch = batches_[told_ % batches_.size()];
    const bool dead = error_ != nullptr;
    lock.unlock();
    std::exception_ptr error;
    try {
      if (!dead) tell(batch);
    } catch (...) {
      error = std::current_exception();
    }
    batch.clear();
    lock.lock();
    if (error != nullptr) error_ = error;
    ++told_;
    changed_.notify_all();
  }
}

void RecoveryLane::tell(const Batch& batch) {
  const std::span<const std::int64_t> t(batch.t);
  const std::span<const std::uint64_t> bits(batch.bits);
  std::size_t at = 0;
  runs_.clear();
  for (const Batch::Run& run : batch.runs) {
    runs_.push_back({run.ref, t.subspan(at, run.count), bits.subspan(at, run.count)});
    at += run.count;
  }
  if (!runs_.empty()) behind_.samples(runs_);
  const std::uint64_t* present = batch.present.data();
  for (const Batch::Row& row : batch.rows) {
    behind_.row(row.layout, row.t, bits.subspan(at, row.width), row.whole ? nullptr : present);
    at += row.width;
    if (!row.whole) present += (row.width + 63) / 64;
  }
}

void RecoveryLane::samples(std::span<const wal::LoggedRun> runs) {
  if (!filling().rows.empty()) hand_over();
  Batch& batch = filling();
  for (const wal::LoggedRun& run : runs) {
    batch.runs.push_back({run.ref, static_cast<std::uint32_t>(run.t.size())});
    batch.t.insert(batch.t.end(), run.t.begin(), run.t.end());
    batch.bits.insert(batch.bits.end(), run.bits.begin(), run.bits.end());
  }
  if (batch.bits.size() >= kBatchSamples) hand_over();
}

void RecoveryLane::row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                       const std::uint64_t* present) {
  if (!filling().runs.empty()) hand_over();
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
  behind_.segment(number, carries);
}

void RecoveryLane::series(std::uint32_t ref, std::span<const wal::LabelView> labels) {
  finish();
  behind_.series(ref, labels);
}

void RecoveryLane::layout(std::uint64_t layout, std::span<const std::uint32_t> refs) {
  finish();
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
  finish();
  behind_.exemplar(exemplar);
}

void RecoveryLane::metadata(const wal::LoggedMetadata& metadata) {
  finish();
  behind_.metadata(metadata);
}

void RecoveryLane::erase(std::span<const std::uint32_t> refs, std::int64_t min_t,
                         std::int64_t max_t) {
  finish();
  behind_.erase(refs, min_t, max_t);
}

}  // namespace narthex::storage::tsdb
