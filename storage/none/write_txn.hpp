// SPDX-License-Identifier: Apache-2.0
// write_txn.hpp - a transaction: says which rows are taken, and keeps none of them. One thread.
#pragma once

#include "storage/head/metadata.hpp"
#include "storage/none/series_book.hpp"

#include <narthex/sdk/storage.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace narthex::storage::none {

// Rows by what became of them, over all transactions that committed.
struct RowCounts {
  std::atomic<std::uint64_t> samples{0};
  std::atomic<std::uint64_t> histograms{0};
  std::atomic<std::uint64_t> exemplars{0};
  std::atomic<std::uint64_t> duplicates{0};
  std::atomic<std::uint64_t> out_of_order{0};
};

// What transactions share. It outlives them.
struct Written {
  SeriesBook book;
  head::Metadata families;
  RowCounts counts;
  std::function<std::int64_t()> mono_ns;
};

class WriteTxn final : public sdk::StorageTxn {
 public:
  explicit WriteTxn(Written& written) : written_(written), now_ns_(written.mono_ns()) {}
  ~WriteTxn() override;  // takes back what was not committed

  nx_status resolve(const nx_series_table& table, std::uint64_t* refs,
                    std::uint8_t* codes) override;
  nx_status append(const nx_sample_batch& batch, nx_append_result& result) override;
  nx_status commit(nx_append_result& result) override;
  std::uint64_t layout(std::span<const std::uint64_t> refs) override;

 private:
  struct Taken {
    std::uint64_t ref;
    Newest sample;
    Newest before;
  };
  // The series of a batch's rows, whichever way it names them; 0: see code().
  struct Row {
    std::uint64_t ref = 0;
    std::uint8_t code = NX_ROW_OK;
  };
  std::vector<Row> rows_of(const nx_sample_batch& batch);
  std::uint8_t take(const nx_sample_batch& batch, std::uint64_t r, const Row& row);

  Written& written_;
  const std::int64_t now_ns_;
  std::vector<Taken> taken_;
  std::uint64_t samples_ = 0;
  std::uint64_t histograms_ = 0;
  std::uint64_t exemplars_ = 0;
};

}  // namespace narthex::storage::none
