// SPDX-License-Identifier: Apache-2.0
// block_memory.hpp - the memory of one nx_block: columns, labels and what keeps both alive. It is
// the block's `owner`: a consumer that retains it may go on reading after the cursor moved on.
// Filled by one thread, immutable afterwards.
#pragma once

#include "storage/index/epochs.hpp"
#include "storage/head/histogram.hpp"
#include "storage/head/raw_column.hpp"
#include "storage/head/series.hpp"

#include <narthex/storage.h>

#include <atomic>
#include <memory>
#include <vector>

namespace narthex::storage::head {

// The label sets of the series of a block, as an nx_series_table over the index's texts.
class LabelTable {
 public:
  void clear();
  void add(const Series& series);
  const nx_series_table* view();

 private:
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> symbol_ids_;
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> offsets_;
  const Series* before_ = nullptr;
  nx_series_table table_{};
};

class BlockMemory {
 public:
  // One reference, the caller's.
  static BlockMemory* make(std::shared_ptr<const index::EpochHold> hold);
  void release();
  bool shared() const { return references_.load(std::memory_order_acquire) > 1; }
  void clear();

  // Writes what was collected to out.
  void publish(nx_block& out, bool with_labels, bool shared_times, std::uint64_t t_id);

  std::vector<std::uint64_t> series_ids;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint32_t> row0;
  std::vector<std::uint32_t> row1;
  std::vector<std::uint8_t> flags;
  RawColumn<std::int64_t> times;
  RawColumn<std::uint64_t> values;
  RawColumn<std::int64_t> starts;      // as long as values, or empty
  RawColumn<std::uint32_t> histogram;  // likewise
  std::vector<nx_histogram> histograms;
  std::vector<HistogramRef> histogram_refs;
  LabelTable labels;

 private:
  explicit BlockMemory(std::shared_ptr<const index::EpochHold> hold);

  nx_buffer buffer_{};
  std::atomic<std::uint32_t> references_{1};
  std::shared_ptr<const index::EpochHold> hold_;
};

}  // namespace narthex::storage::head
