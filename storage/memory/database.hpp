// SPDX-License-Identifier: Apache-2.0
// database.hpp - the memory backend as a whole: hands out transactions and queriers, and does the
// upkeep. Thread-safe.
#pragma once

#include "storage/head/core.hpp"
#include "storage/memory/options.hpp"

#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace narthex::storage::memory {

struct Clocks {
  std::function<std::int64_t()> now_ms;
  std::function<std::int64_t()> mono_ns;
};

class Database {
 public:
  Database(Options options, Clocks clocks);

  std::uint64_t capabilities() const;
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts& opts);
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t min_t, std::int64_t max_t);
  Status delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t);
  Status clean_deleted();
  // Not supported: there are no files.
  Status snapshot(std::string_view directory, std::uint32_t flags);
  Status set_retention(const nx_retention& retention);
  nx_status maintain(std::int64_t deadline_mono_ns);
  nx_value stats(std::uint32_t top, sdk::TreeArena& arena);
  Result<std::uint64_t> cohort_open(const nx_cohort_opts& opts);
  void cohort_close(std::uint64_t cohort);

 private:
  head::Core core_;
  const Clocks clocks_;
  const std::uint64_t configured_max_bytes_;
  std::int64_t collected_ns_ = 0;  // upkeep is called by one thread at a time
};

}  // namespace narthex::storage::memory
