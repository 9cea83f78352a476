// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/database.hpp"

#include "storage/head/deletion.hpp"
#include "storage/head/eviction.hpp"
#include "storage/index/matching.hpp"
#include "storage/head/querier.hpp"
#include "storage/head/stats.hpp"
#include "storage/head/txn.hpp"

#include <algorithm>
#include <vector>

namespace narthex::storage::memory {
namespace {

constexpr std::int64_t kCollectEveryNs = std::int64_t{60} * 1'000'000'000;
// Upkeep makes room before writers have to.
constexpr std::uint64_t kEarlyPart = 32;

head::Limits limits_of(const Options& options) {
  const std::int64_t bytes = options.max_bytes > 0 ? options.max_bytes : default_max_bytes();
  return {static_cast<std::uint64_t>(bytes), std::max<std::int64_t>(options.max_exemplars, 0)};
}

}  // namespace

Database::Database(Options options, Clocks clocks)
    : core_(limits_of(options), clocks.now_ms),
      clocks_(std::move(clocks)),
      configured_max_bytes_(core_.max_bytes) {
  core_.make_room = [this] { return head::make_room(core_); };
}

std::uint64_t Database::capabilities() const {
  return NX_STORAGE_WRITE | NX_STORAGE_READ | NX_STORAGE_HISTOGRAMS | NX_STORAGE_EXEMPLARS |
         NX_STORAGE_METADATA | NX_STORAGE_START_TIME | NX_STORAGE_OUT_OF_ORDER | NX_STORAGE_DELETE |
         NX_STORAGE_ATOMIC | NX_STORAGE_COHORTS;
}

std::unique_ptr<sdk::StorageTxn> Database::begin(const nx_txn_opts& opts) {
  return std::make_unique<head::Txn>(core_, opts.cohort, head::Txn::Trust::kNew);
}

std::unique_ptr<sdk::StorageQuerier> Database::open(std::int64_t min_t, std::int64_t max_t) {
  return std::make_unique<head::Querier>(core_, min_t, max_t);
}

Status Database::delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t) {
  const index::EpochHold hold(core_.epochs);
  head::delete_samples(core_, index::match_series(core_.index, matchers), min_t, max_t);
  return Status();
}

Status Database::clean_deleted() {
  head::clean_deleted(core_);
  core_.epochs.collect();
  return Status();
}

Status Database::snapshot(std::string_view, std::uint32_t) {
  return {NX_ERR_UNSUPPORTED, "the memory backend has no files to take a snapshot of"};
}

Status Database::set_retention(const nx_retention& retention) {
  core_.max_age_ms = retention.max_age_ms;
  core_.max_bytes = retention.max_bytes == 0 ? configured_max_bytes_
                                             : std::min(configured_max_bytes_, retention.max_bytes);
  return Status();
}

nx_status Database::maintain(std::int64_t) {
  head::expire(core_);
  bool nearly_full = false;
  {
    const std::lock_guard lock(core_.commit_mutex);
    nearly_full = core_.used_bytes() > core_.max_bytes - core_.max_bytes / kEarlyPart;
  }
  if (nearly_full) (void)head::make_room(core_);
  const std::int64_t now_ns = clocks_.mono_ns();
  if (now_ns - collected_ns_ >= kCollectEveryNs || collected_ns_ == 0) {
    collected_ns_ = now_ns;
    head::collect_idle(core_);
  }
  core_.epochs.collect();
  return NX_END;
}

nx_value Database::stats(std::uint32_t top, sdk::TreeArena& arena) {
  std::vector<nx_kv> entries;
  const head::DataRange range = head::add_stats(core_, top, arena, entries);
  entries.push_back(arena.entry("min_time", arena.integer(range.min_t)));
  entries.push_back(arena.entry("max_time", arena.integer(range.max_t)));
  return arena.table(entries);
}

Result<std::uint64_t> Database::cohort_open(const nx_cohort_opts& opts) {
  const std::lock_guard lock(core_.commit_mutex);
  return core_.cohorts.open(view(opts.origin));
}

void Database::cohort_close(std::uint64_t cohort) {
  const std::lock_guard lock(core_.commit_mutex);
  core_.cohorts.close(cohort);
}

}  // namespace narthex::storage::memory
