// SPDX-License-Identifier: Apache-2.0
#include "remote_write/queue_tap.hpp"

#include "remote_write/tap_transaction.hpp"

#include <algorithm>

namespace narthex::remote_write {
namespace {

constexpr std::size_t kFrameBytesMax = std::size_t{8} << 20;
constexpr std::int64_t kSweepIntervalNs = std::int64_t{30} * 60 * 1'000'000'000;

}  // namespace

std::unique_ptr<store::TapTransaction> QueueTap::begin() {
  return std::make_unique<GatheringTransaction>(*this);
}

void QueueTap::write(const PendingRows& rows) {
  if (rows.empty()) return;
  count(rows);
  {
    const std::lock_guard lock(mutex_);
    if (log_.is_full()) turn_segment();
    for (const PendingRows::Sample& s : rows.samples) {
      frame_.sample(id_of(*s.series), s.t, s.start, s.v);
      flush_when_large();
    }
    for (const PendingRows::Histogram& h : rows.histograms) {
      frame_.histogram(id_of(*h.series), h.t, h.start, h.encoded);
      flush_when_large();
    }
    for (const PendingRows::Exemplar& e : rows.exemplars) {
      frame_.exemplar(id_of(*e.series), e.t, e.v, e.labels);
      flush_when_large();
    }
    flush();
    sweep();
  }
  written_();
}

std::uint32_t QueueTap::id_of(BookedSeries& series) {
  if (series.epoch != epoch_) {
    series.epoch = epoch_;
    series.id = next_id_++;
    frame_.series(series.id, series.labels);
  }
  return series.id;
}

void QueueTap::flush_when_large() {
  if (frame_.size_bytes() >= kFrameBytesMax) flush();
}

void QueueTap::flush() {
  const std::uint32_t rows = frame_.rows();
  if (rows == 0) return;
  const std::size_t series_bytes = frame_.series_bytes();
  const Status status = log_.append(frame_.take(), rows, series_bytes);
  if (status.ok()) return;
  ++epoch_;
  next_id_ = 0;
  counts_.unwritten_rows += rows;
  log_lines_.error("rows are not sent: the log cannot be written",
                   {{"rows", rows}, {"err", status.message()}});
}

void QueueTap::turn_segment() {
  log_.begin_segment();
  ++epoch_;
  next_id_ = 0;
}

void QueueTap::sweep() {
  const std::int64_t now_ns = clock_.mono_ns();
  if (swept_ns_ != 0 && now_ns - swept_ns_ < kSweepIntervalNs) return;
  if (swept_ns_ != 0) book_.forget_unused();
  swept_ns_ = now_ns;
}

void QueueTap::count(const PendingRows& rows) {
  counts_.samples += rows.samples.size();
  counts_.histograms += rows.histograms.size();
  counts_.exemplars += rows.exemplars.size();
  std::int64_t highest = counts_.highest_t_ms;
  for (const PendingRows::Sample& s : rows.samples) highest = std::max(highest, s.t);
  for (const PendingRows::Histogram& h : rows.histograms) highest = std::max(highest, h.t);
  std::int64_t before = counts_.highest_t_ms;
  while (before < highest && !counts_.highest_t_ms.compare_exchange_weak(before, highest)) {
  }
}

}  // namespace narthex::remote_write
