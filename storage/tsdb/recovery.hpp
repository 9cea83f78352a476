// SPDX-License-Identifier: Apache-2.0
// recovery.hpp - puts what the log says back into the head, record by record: the same commits in
// the same order. When the head is full it is flushed, so a recovery needs no more memory than a
// running backend. One thread at a time, before anything else uses the head; put_back() may use
// more.
#pragma once

#include "storage/head/core.hpp"
#include "storage/head/series_writer.hpp"
#include "storage/head/txn.hpp"
#include "storage/wal/record_reader.hpp"
#include "storage/wal/sample_window.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::storage::tsdb {

class Recovery final : public wal::ReplayVisitor {
 public:
  // `flush` is called when the head holds more than head_bytes.
  using DeleteInTables = std::function<void(const std::vector<std::uint32_t>& ids,
                                            std::int64_t min_t, std::int64_t max_t)>;
  Recovery(head::Core& core, std::uint64_t head_bytes, std::function<void()> flush,
           DeleteInTables delete_in_tables);
  ~Recovery() override;  // the rows' cohorts are closed: what is written from now on has its own

  void segment(std::uint64_t number, bool carries) override;
  void series(std::uint32_t ref, std::span<const wal::LabelView> labels) override;
  void layout(std::uint64_t layout, std::span<const std::uint32_t> refs) override;
  void row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
           const std::uint64_t* present) override;
  void samples(std::span<const wal::LoggedRun> runs) override;
  void histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) override;
  void start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) override;
  void exemplar(const wal::LoggedExemplar& exemplar) override;
  void metadata(const wal::LoggedMetadata& metadata) override;
  void erase(std::span<const std::uint32_t> refs, std::int64_t min_t, std::int64_t max_t) override;

  // What was gathered. `on_threads` calls what it is given, on as many threads as it likes, and
  // returns when all have returned.
  using OnThreads = std::function<void(const std::function<void()>& part)>;
  void put_back(wal::SampleWindow& window, const OnThreads& on_threads);

  // Samples whose series, or layout, no readable record defines.
  std::uint64_t orphans() const { return orphans_; }
  std::uint64_t recovered() const { return recovered_; }
  // What the head may still take before it is flushed.
  std::uint64_t room_bytes() const;

 private:
  struct KnownLayout {
    std::uint64_t cohort = 0;
    std::uint64_t id = 0;  // the head's; 0: outdated
    std::vector<std::uint32_t> refs;
  };

  void resolve_pending();
  void close_cohorts();
  std::uint64_t ref_of(std::uint32_t logged) const {
    return logged < refs_.size() ? refs_[logged] : 0;
  }
  head::Series* series_of(std::uint32_t logged) const;
  void append(const nx_sample_batch& batch, std::uint64_t cohort);
  void make_layout(KnownLayout& known);
  void write(head::SeriesWriter& writer, head::Series& series, std::span<const std::int64_t> t,
             std::span<const std::uint64_t> bits);
  // What one thread has put back.
  struct Share {
    head::Tallies tallies;
    std::uint64_t orphans = 0;
    std::uint64_t recovered = 0;
    std::vector<std::size_t> left;  // of the window: their series are in groups
    wal::SampleWindow::Columns columns;
  };
  void put_back_part(wal::SampleWindow& window, std::size_t first, std::size_t last,
                     head::AllocationTurns& turns, Share& share);
  void mind_memory();

  head::Core& core_;
  const std::uint64_t head_bytes_;
  const std::function<void()> flush_;
  const DeleteInTables delete_in_tables_;
  std::vector<std::uint64_t> refs_;  // of the logged reference: the head's, 0 unknown
  std::unordered_map<std::uint64_t, KnownLayout> layouts_;
  std::uint64_t orphans_ = 0;
  std::uint64_t recovered_ = 0;
  // Series that were not resolved yet.
  std::vector<std::uint32_t> pending_;
  std::string texts_;
  std::vector<std::pair<std::size_t, std::size_t>> symbols_;  // places in texts_
  std::vector<std::uint32_t> offsets_{0};
  // Of the row or record under way.
  std::vector<std::uint64_t> batch_refs_;
  std::vector<double> batch_values_;
  std::vector<head::Series*> run_series_;
};

}  // namespace narthex::storage::tsdb
