// SPDX-License-Identifier: Apache-2.0
// tap_transaction.hpp - gathers what a transaction stores. Private to the room; one thread.
#pragma once

#include "remote_write/pending_rows.hpp"
#include "remote_write/queue_tap.hpp"

namespace narthex::remote_write {

class GatheringTransaction final : public store::TapTransaction {
 public:
  explicit GatheringTransaction(QueueTap& tap) : tap_(tap) {}

  void resolved(const nx_series_table& table, std::span<const std::uint64_t> refs) override;
  void laid_out(std::uint64_t layout, std::span<const std::uint64_t> refs) override;
  bool knows(const nx_sample_batch& batch) override;
  void appended(const nx_sample_batch& batch, std::span<const std::uint8_t> codes) override;
  void commit() override;

 private:
  void add_exemplars(const nx_sample_batch& batch, std::span<const std::uint8_t> codes);

  QueueTap& tap_;
  std::shared_ptr<const BookedRow> row_;  // series of the batch that knows() was asked about
  PendingRows pending_;
};

}  // namespace narthex::remote_write
