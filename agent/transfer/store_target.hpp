// SPDX-License-Identifier: Apache-2.0
// store_target.hpp - writes batches into a store of this process. One batch is one transaction; a
// storage that has no room at the moment is given time for its upkeep and asked again.
#pragma once

#include "runtime/clock.hpp"
#include "store/store.hpp"
#include "transfer/batch.hpp"

#include <cstdint>
#include <vector>

namespace narthex::transfer {

class StoreTarget final : public BatchTarget {
 public:
  // Both outlive it.
  StoreTarget(store::Store& store, const runtime::Clock& clock) : store_(store), clock_(clock) {}

  Status write(std::vector<LoadSeries>& series, const Batch& batch, WriteCounts& counts) override;
  Status write_metadata(std::span<const FamilyFacts> families) override;
  // Leaves no upkeep behind.
  Status finish() override;

 private:
  Status try_write(std::vector<LoadSeries>& series, const Batch& batch, WriteCounts& counts);
  Status resolve(store::Appender& appender, std::vector<LoadSeries>& series, const Batch& batch);
  Status append_rows(store::Appender& appender, const std::vector<LoadSeries>& series,
                     const Batch& batch, nx_append_result& result);
  Status append_exemplars(store::Appender& appender, const std::vector<LoadSeries>& series,
                          const Batch& batch, nx_append_result& result);
  bool upkeep();

  store::Store& store_;
  const runtime::Clock& clock_;
  std::vector<std::uint8_t> refusals_;  // by series: NX_ROW_* of those without a ref
};

}  // namespace narthex::transfer
