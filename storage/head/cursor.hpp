// SPDX-License-Identifier: Apache-2.0
// cursor.hpp - yields the selected series as blocks of columns. Used by one thread at a time; the
// querier outlives it.
#pragma once

#include "storage/head/querier.hpp"
#include "storage/head/series_reader.hpp"

#include <narthex/sdk/storage.hpp>

#include <memory>
#include <string>
#include <vector>

namespace narthex::storage::head {

class Cursor final : public sdk::StorageCursor {
 public:
  Cursor(QueryState& state, const index::Ids& ids, const nx_scan_opts& opts);
  nx_status next(nx_block& out) override;
  // Not of a sorted or limited scan, nor of one for labels only.
  std::unique_ptr<sdk::StorageCursor> split() override;
  std::string missing() const override {
    return state_.archive != nullptr ? state_.archive->missing() : std::string();
  }

 private:
  // With some of the series of another.
  Cursor(const Cursor& whole, std::vector<const Series*> series);
  void find_series(const index::Ids& ids);
  void order_by_place();
  void copy_slice();
  void fill();
  void fill_labels();

  QueryState& state_;
  const nx_scan_opts opts_;
  std::vector<const Series*> series_;
  std::size_t next_series_ = 0;  // the first that was not copied yet
  SeriesReader reader_;
  const std::unique_ptr<ArchiveReader> archive_;  // null: all is in the head
  std::size_t next_copied_ = 0;  // the first of reader_.copied() that is in no block yet
  std::size_t copied_end_ = 0;   // of those that are this cursor's
  BlockBuilder builder_;
  std::uint64_t left_;  // series that may still be given out
};

}  // namespace narthex::storage::head
