// SPDX-License-Identifier: Apache-2.0
// journal.hpp - writes commits to the log before they show. Every segment defines the series and
// layouts that its records name, so that it can be read alone.
//
// write(), rotate() and erase() are serialised by the head's writer lock; the rest is thread-safe.
#pragma once

#include "storage/head/core.hpp"
#include "storage/wal/log.hpp"
#include "storage/wal/event_records.hpp"
#include "storage/wal/row_record.hpp"
#include "storage/wal/samples_record.hpp"
#include "storage/wal/series_record.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace narthex::storage::tsdb {

class LogJournal final : public head::Journal {
 public:
  // always_sync: a commit is acknowledged when it is synced. Both outlive it.
  LogJournal(head::Core& core, wal::Log& log, bool always_sync)
      : core_(core), log_(log), always_sync_(always_sync) {}

  Status write(const head::Commit& commit) override;
  Status acknowledge(bool sync) override;

  // Begins a new segment: what was committed before stands in those before it. Metadata and
  // exemplars, which are in no table, are logged again. Returns its number. Takes the writer lock.
  fs::Result<std::uint64_t> rotate();
  // Logs that samples of these series in [min_t, max_t] are deleted. Takes the writer lock.
  Status erase(const std::vector<std::uint32_t>& ids, std::int64_t min_t, std::int64_t max_t);
  // Logged since the last rotation.
  std::uint64_t bytes_since_rotation() const { return bytes_; }
  void count_replayed(std::uint64_t bytes) { bytes_ += bytes; }

 private:
  Status append_deletion(const std::vector<std::uint32_t>& ids, std::int64_t min_t,
                         std::int64_t max_t);
  struct GroupState;

  void encode(const head::Commit& commit);
  void define(const head::Series& series);
  void define_once(head::Series& series);
  void put_row(const head::CommitRow& row);
  void put_runs(std::span<const head::CommitRun> runs);
  void put_samples(std::span<const head::CommitSample> samples);
  void end_samples();
  void put_rest(const head::Commit& commit);
  void end(wal::EventEncoder& encoder, wal::RecordType type);
  wal::Bytes& new_record(wal::RecordType type);
  template <class Encode>
  Status append(const Encode& encode);

  head::Core& core_;
  wal::Log& log_;
  const bool always_sync_;
  std::atomic<std::uint64_t> bytes_{0};
  // -- guarded by the head's writer lock --
  std::uint64_t generation_ = 0;  // of the log, that the states are of
  // Goes up when a segment begins and when an append has failed: what was defined before it is to
  // be defined again.
  std::uint32_t epoch_ = 0;
  wal::SamplesStream stream_;
  wal::SamplesEncoder samples_;
  wal::SeriesEncoder series_;
  wal::HistogramsEncoder histograms_;
  std::vector<wal::LabelView> labels_;
  std::vector<wal::Bytes> definitions_;  // records of series, which go before all others
  std::vector<std::pair<wal::RecordType, wal::Bytes>> records_;  // reused
  std::size_t used_ = 0;                                         // of records_
};

}  // namespace narthex::storage::tsdb
