// SPDX-License-Identifier: Apache-2.0
// found_cursor.hpp - hands out what was found as blocks of columns. One thread.
#pragma once

#include "storage/remote/found_series.hpp"
#include "storage/remote/http_door.hpp"

#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::storage::remote {

// Numbers of series within a querier: equal for equal label sets. Thread-safe.
class SeriesIds {
 public:
  std::uint64_t id_of(const Labels& labels) {
    const std::lock_guard lock(mutex_);
    return ids_.try_emplace(labels, ids_.size() + 1).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<Labels, std::uint64_t> ids_;  // guarded by mutex_
};

class FoundCursor final : public sdk::StorageCursor {
 public:
  // What was found has been settled.
  FoundCursor(std::unique_ptr<Found> found, const nx_scan_opts& options,
              std::shared_ptr<SeriesIds> ids, std::shared_ptr<Interrupt> interrupt);
  nx_status next(nx_block& out) override;

 private:
  void clear();
  void add(const FoundSeries& series);
  void add_symbol(const std::string& text);

  const std::unique_ptr<Found> found_;
  const std::size_t block_samples_;
  const std::shared_ptr<SeriesIds> series_ids_;
  const std::shared_ptr<Interrupt> interrupt_;
  std::size_t next_ = 0;

  // The block on the way out.
  std::vector<std::uint64_t> ids_, offsets_;
  std::vector<std::uint32_t> row0_, row1_, h_, label_ref_, label_off_;
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  std::vector<nx_str> symbols_;
  nx_series_table table_{};
};

}  // namespace narthex::storage::remote
