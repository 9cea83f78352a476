// SPDX-License-Identifier: Apache-2.0
// querier.hpp - a view of the data as it was when the querier was opened: no commit after that
// shows (deletions, late samples, and what was archived since do). Cursors must be closed before
// it. cancel() is thread-safe.
#pragma once

#include "storage/head/block_builder.hpp"
#include "storage/head/core.hpp"

#include <narthex/sdk/storage.hpp>

#include <atomic>
#include <memory>

namespace narthex::storage::head {

struct QueryState {
  Core& core;
  std::int64_t min_t;
  std::int64_t max_t;
  std::uint64_t sequence;
  std::shared_ptr<const index::EpochHold> hold;
  std::atomic<bool> cancelled{false};
  TimeColumnIds time_columns;
  std::unique_ptr<ArchiveSession> archive;  // null: all is in the head
};

class Querier final : public sdk::StorageQuerier {
 public:
  Querier(Core& core, std::int64_t min_t, std::int64_t max_t);
  ~Querier() override;

  void label_names(sdk::Matchers matchers, std::uint64_t limit, sdk::StrSink sink) override;
  void label_values(std::string_view name, sdk::Matchers matchers, std::uint64_t limit,
                    sdk::StrSink sink) override;
  std::unique_ptr<sdk::StorageCursor> select(sdk::Matchers matchers,
                                             const nx_scan_opts& opts) override;
  void cancel() override { state_.cancelled = true; }
  void exemplars(std::span<const sdk::Matchers> sets, nx_exemplar_sink sink,
                 void* context) override;
  void metadata(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                void* context) override;

 private:
  bool in_range() const;

  QueryState state_;
};

}  // namespace narthex::storage::head
