// SPDX-License-Identifier: Apache-2.0
// txn.hpp - a transaction: what is appended waits here, checked, until commit() stores all of it.
//
// append() answers for each row with what the series look like then; commit() looks again, so that
// of two transactions with the same sample the second is told. Used by one thread at a time.
#pragma once

#include "storage/head/core.hpp"
#include "storage/head/series_writer.hpp"
#include "storage/head/time_bounds.hpp"

#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace narthex::storage::head {

class Txn final : public sdk::StorageTxn {
 public:
  // kSynced: committed means durable, whatever the rule of the backend. kLogged: what is appended
  // was committed before, its times are not judged again.
  enum class Trust { kNew, kSynced, kLogged };
  Txn(Core& core, std::uint64_t cohort, Trust trust);
  ~Txn() override;

  nx_status resolve(const nx_series_table& table, std::uint64_t* refs,
                    std::uint8_t* codes) override;
  nx_status append(const nx_sample_batch& batch, nx_append_result& result) override;
  nx_status commit(nx_append_result& result) override;
  std::uint64_t layout(std::span<const std::uint64_t> refs) override;

 private:
  struct Pending {
    Series* series;
    std::int64_t t;
    std::uint64_t bits;
    std::uint32_t histogram;  // index into histograms_, NX_NONE: a float
    std::uint32_t refuse_late;
  };
  struct PendingRun {  // floats of one series, ascending; a part of run_t_ and run_bits_
    Series* series;
    std::uint32_t first;
    std::uint32_t count;
  };
  struct PendingRow {  // a whole row of a group
    std::shared_ptr<const Layout> layout;
    Row row;
  };

  bool append_as_row(const nx_sample_batch& batch, const std::shared_ptr<const Layout>& layout,
                     nx_append_result& result);
  bool append_as_runs(const nx_sample_batch& batch, nx_append_result& result);
  bool find_runs(const nx_sample_batch& batch);
  void spread_runs();
  void commit_runs(SeriesWriter& writer, nx_append_result& result);
  void append_singly(const nx_sample_batch& batch, const Layout* layout, nx_append_result& result);
  void gather(const nx_sample_batch& batch, const Layout* layout, nx_append_result& result);
  void append_exemplars(const nx_sample_batch& batch, nx_append_result& result);
  void append_metadata(const nx_sample_batch& batch);
  TimeBounds bounds() const;
  // REQUIRES: the commit lock.
  SeriesWriter writer() const {
    return SeriesWriter(
        core_, trust_ == Trust::kLogged ? SeriesWriter::Judge::kTaken : SeriesWriter::Judge::kAll);
  }
  void log(nx_append_result& result);
  void spread_rows();
  void check_again(nx_append_result& result);
  void commit_row(PendingRow& pending, SeriesWriter& writer, nx_append_result& result);
  void commit_samples(SeriesWriter& writer, nx_append_result& result);
  Series* series_at(const nx_sample_batch& batch, const Layout* layout, std::uint64_t row) const;

  // Columns of transactions that have ended, kept by the thread: a request of the usual size
  // allocates nothing.
  struct Columns {
    std::vector<Pending> samples;
    std::vector<PendingRun> runs;
    std::vector<std::int64_t> run_t;
    std::vector<std::uint64_t> run_bits;
    std::vector<std::uint32_t> gathered;
    std::vector<index::LabelIndex::Resolved> resolved;
  };
  static std::vector<Columns>& spare();

  Core& core_;
  const std::uint64_t epoch_;
  const std::uint64_t cohort_;
  const Trust trust_;
  std::uint64_t checked_at_ = UINT64_MAX;  // the last commit when the first sample was checked
  std::vector<PendingRow> rows_;
  std::vector<PendingRun> runs_;
  std::vector<std::int64_t> run_t_;
  std::vector<std::uint64_t> run_bits_;
  std::vector<Pending> samples_;
  std::vector<HistogramRef> histograms_;
  std::vector<CommitStart> starts_;
  std::vector<std::pair<Series*, Exemplar>> exemplars_;
  std::vector<FamilyMetadata> metadata_;  // news, for the journal
  std::vector<index::LabelIndex::Resolved> resolved_;
  std::vector<std::uint32_t> gathered_;  // batch rows of what gather() appended
  std::uint64_t created_ = 0;
};

}  // namespace narthex::storage::head
