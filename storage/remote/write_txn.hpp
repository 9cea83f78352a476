// SPDX-License-Identifier: Apache-2.0
// write_txn.hpp - a transaction: rows are gathered and, on commit, sent by remote write 1.0. Commit
// returns when the engine has acknowledged all of them. One thread.
#pragma once

#include "storage/remote/http_door.hpp"
#include "storage/remote/series_book.hpp"

#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::remote {

// What transactions share. It outlives them.
struct Writing {
  const HttpDoor& door;
  SeriesBook& book;
  std::string url;
  std::size_t samples_per_request = 0;
  bool histograms = true;  // whether the engine can give native histograms back
  std::function<std::int64_t()> mono_ns;
};

class WriteTxn final : public sdk::StorageTxn {
 public:
  explicit WriteTxn(Writing& writing) : writing_(writing) {}

  nx_status resolve(const nx_series_table& table, std::uint64_t* refs,
                    std::uint8_t* codes) override;
  nx_status append(const nx_sample_batch& batch, nx_append_result& result) override;
  nx_status commit(nx_append_result& result) override;
  std::uint64_t layout(std::span<const std::uint64_t> refs) override;

 private:
  struct Row {
    std::shared_ptr<const KnownSeries> series;
    std::int64_t t = 0;
    double v = 0;
    const nx_histogram* histogram = nullptr;  // instead of v, in memory_
  };

  std::uint8_t add_row(const nx_sample_batch& batch, std::uint64_t r,
                       std::span<const std::uint64_t> table_refs,
                       std::span<const std::uint8_t> table_codes);
  void add_metadata(const nx_sample_batch& batch);
  const nx_histogram* keep(const nx_histogram& histogram);
  template <class T>
  const T* keep(const T* from, std::size_t count);
  std::string message(std::size_t first, std::size_t end) const;
  void send(const std::string& message, bool more_was_sent) const;

  Writing& writing_;
  std::vector<Row> rows_;
  std::string metadata_;  // MetricMetadata fields
  std::pmr::monotonic_buffer_resource memory_;
};

}  // namespace narthex::storage::remote
