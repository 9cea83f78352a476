// SPDX-License-Identifier: Apache-2.0
// series_book.hpp - the labels of series under the references that the storage gave them, and the
// number each has in the current segment of the log. Some 250 bytes a series.
//
// Thread-safe, but for `epoch` and `id` of a series, which are the log writer's.
#pragma once

#include <narthex/data.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::remote_write {

struct BookedSeries {
  explicit BookedSeries(std::string the_labels) : labels(std::move(the_labels)) {}
  const std::string labels;  // encoded as frames have them
  std::atomic<bool> used{true};
  std::uint32_t epoch = 0;  // of the writer, when the series was last named in the log
  std::uint32_t id = 0;     // its number there
};
using BookedSeriesRef = std::shared_ptr<BookedSeries>;
using BookedRow = std::vector<BookedSeriesRef>;

class SeriesBook {
 public:
  void put(const nx_series_table& table, std::span<const std::uint64_t> refs);
  // Takes down a row of known series under its layout; an unknown one makes it no layout.
  void put_layout(std::uint64_t layout, std::span<const std::uint64_t> refs);

  // Null where the layout is not known.
  std::shared_ptr<const BookedRow> find_layout(std::uint64_t layout) const;
  // Series of all refs, in order; false when one is unknown.
  bool find_all(std::span<const std::uint64_t> refs, BookedRow& out) const;

  // Forgets series and layouts that nobody used since the last call: what comes back is resolved
  // again.
  void forget_unused();
  std::size_t size() const;

 private:
  struct Layout {
    std::shared_ptr<const BookedRow> row;
    mutable std::atomic<bool> used{true};
  };
  mutable std::shared_mutex mutex_;
  // Guarded by mutex_:
  std::unordered_map<std::uint64_t, BookedSeriesRef> series_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Layout>> layouts_;
};

}  // namespace narthex::remote_write
