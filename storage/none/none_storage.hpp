// SPDX-License-Identifier: Apache-2.0
// none_storage.hpp - the component "none": gives series their references, says which rows are
// wrong, keeps metadata of families and no samples. Thread-safe.
#pragma once

#include "storage/none/write_txn.hpp"

#include <narthex/sdk/storage.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

namespace narthex::storage::none {

class NoneStorage {
 public:
  static constexpr std::string_view kName = "none";
  static constexpr std::string_view kSummary = "Keeps no samples: what agent mode sends on";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_NO_ISOLATION;

  explicit NoneStorage(sdk::Host host);

  std::uint64_t capabilities() const {
    return NX_STORAGE_WRITE | NX_STORAGE_HISTOGRAMS | NX_STORAGE_EXEMPLARS | NX_STORAGE_METADATA |
           NX_STORAGE_START_TIME | NX_STORAGE_OUT_OF_ORDER | NX_STORAGE_COHORTS;
  }
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts&) {
    return std::make_unique<WriteTxn>(written_);
  }
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t, std::int64_t);
  Status delete_series(sdk::Matchers, std::int64_t, std::int64_t);
  Status clean_deleted() { return Status(); }
  Status snapshot(std::string_view, std::uint32_t);
  Status set_retention(const nx_retention&) { return Status(); }
  nx_status maintain(std::int64_t deadline_mono_ns);
  nx_value stats(std::uint32_t top, sdk::TreeArena& arena);
  // A layout knows its series: cohorts have nothing to add, and only their numbers are needed.
  Result<std::uint64_t> cohort_open(const nx_cohort_opts&) { return ++last_cohort_; }
  void cohort_close(std::uint64_t) {}

 private:
  Written written_;
  std::atomic<std::uint64_t> last_cohort_{0};
  std::atomic<std::int64_t> swept_ns_{0};
};

}  // namespace narthex::storage::none
