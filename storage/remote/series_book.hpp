// SPDX-License-Identifier: Apache-2.0
// series_book.hpp - numbers for label sets: the references that this backend gives out. A series
// that was not written for an hour is forgotten; who writes it again resolves it again.
// Thread-safe.
#pragma once

#include <narthex/data.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace narthex::storage::remote {

// Immutable but for the time of its last use.
struct KnownSeries {
  std::uint64_t ref = 0;
  std::string labels;  // as they stand in front of a TimeSeries message
  std::atomic<std::int64_t> used_ns{0};
};

class SeriesBook {
 public:
  explicit SeriesBook(std::size_t series_max) : series_max_(series_max) {}

  // NX_ROW_OK and a reference, or why not.
  std::uint8_t resolve(const nx_series_table& table, std::uint32_t s, std::int64_t now_ns,
                       std::uint64_t& ref);
  // Null when it was forgotten.
  std::shared_ptr<const KnownSeries> find(std::uint64_t ref, std::int64_t now_ns);
  void forget_unused(std::int64_t now_ns);
  std::size_t size() const;

 private:
  const std::size_t series_max_;
  mutable std::mutex mutex_;
  // All guarded by mutex_. The texts of by_labels_ are those of the series.
  std::unordered_map<std::string_view, std::shared_ptr<KnownSeries>> by_labels_;
  std::unordered_map<std::uint64_t, std::shared_ptr<KnownSeries>> by_ref_;
  std::uint64_t last_ref_ = 0;
  std::string scratch_;
};

}  // namespace narthex::storage::remote
