// SPDX-License-Identifier: Apache-2.0
// upkeep.hpp - what is done in the background: the head is flushed, tables are merged, what is too
// old or too much goes. In slices; whoever needs a state of rest finishes what is under way.
//
// Thread-safe: one slice at a time; its lock comes before the head's.
#pragma once

#include "storage/partition/merge.hpp"
#include "storage/tsdb/files.hpp"
#include "storage/tsdb/flush.hpp"

#include <narthex/storage.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace narthex::storage::tsdb {

struct UpkeepFigures {
  std::uint64_t flushes = 0;
  std::uint64_t flush_failures = 0;
  std::uint64_t flushed_samples = 0;
  std::uint64_t flushed_bytes = 0;
  std::uint64_t merges = 0;
  std::uint64_t merge_failures = 0;
  std::uint64_t tables_expired = 0;  // by age
  std::uint64_t tables_dropped = 0;  // by size
  std::uint64_t age_retentions = 0;  // times that tables went by age
  std::uint64_t size_retentions = 0;
  std::uint64_t log_truncations = 0;
  std::uint64_t log_truncation_failures = 0;
  std::int64_t max_age_ms = 0;  // of the retention; 0: unlimited
  std::uint64_t max_bytes = 0;
};

class Upkeep {
 public:
  Upkeep(Files& files, std::uint64_t head_bytes);

  // Works until the deadline. NX_OK: there is more to do; NX_END: nothing for now. `all`: also what
  // is not due yet, without a deadline.
  nx_status slice(std::int64_t deadline_mono_ns, bool all);
  // Flushes what was committed before the call; a flush under way is finished first.
  Status flush_now(std::int64_t deadline_mono_ns);
  // Runs `act` while nothing else moves samples: a flush under way is ended first.
  Status at_rest(const std::function<Status()>& act);
  // Rewrites the tables that have tombstones.
  Status clean();
  void set_retention(const nx_retention& retention);
  UpkeepFigures figures() const;

 private:
  enum class Turn { kNothing, kMore, kFailed };

  bool flush_due() const;
  Turn flush_turn(std::int64_t deadline_mono_ns, bool wanted);
  Turn merge_turn(std::int64_t deadline_mono_ns, bool all);
  void finish_flush();
  void expire();
  std::uint64_t most_bytes() const;
  void drop(const partition::TableSet& gone, std::uint64_t UpkeepFigures::*tables,
            std::uint64_t UpkeepFigures::*times);
  void collect();
  Status run_flush(std::int64_t deadline_mono_ns);
  Status rewrite(partition::TableSet entries);
  bool past(std::int64_t deadline_mono_ns) const;

  Files& files_;
  const std::uint64_t head_bytes_;
  std::atomic<std::int64_t> max_age_ms_{0};
  std::atomic<std::uint64_t> max_bytes_{0};
  std::atomic<std::uint32_t> max_percent_{0};
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<Flush> flush_;
  std::uint64_t flush_segment_ = 0;  // the log before it is not needed once the flush is done
  std::unique_ptr<partition::Merge> merge_;
  partition::TableSet merging_;
  std::uint64_t slices_ = 0;
  std::int64_t flushed_ms_ = 0;  // when the last flush began
  std::int64_t retry_ms_ = 0;    // not before, after a failure
  std::int64_t collected_ns_ = 0;
  mutable std::mutex figures_mutex_;
  UpkeepFigures figures_;  // guarded by figures_mutex_
};

}  // namespace narthex::storage::tsdb
