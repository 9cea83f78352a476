// SPDX-License-Identifier: Apache-2.0
// group_writer.hpp - neighbouring series on their way into the pages of one group. What is added is
// encoded at once, so that memory holds encoded columns only. One thread; meant to be reused.
#pragma once

#include "storage/column/page_builder.hpp"
#include "storage/fs/status.hpp"
#include "storage/partition/series_samples.hpp"
#include "storage/partition/table.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace narthex::storage::partition {

class GroupWriter {
 public:
  explicit GroupWriter(const TableOptions& options) : options_(options) {}

  // False: a histogram of it is too large for a page. The group is of no use then.
  bool add(const SeriesSamples& series);

  bool empty() const { return slots_ == 0; }
  std::uint32_t series_count() const { return slots_; }
  // Its pages are as large as they should be.
  bool full() const { return slots_ == kSlots || fill() >= 1; }
  // It may end here if this is a good place.
  bool nearly_full() const { return slots_ > kSlots / 8 * 7 || fill() >= 0.8; }

  // Passes on each chunk's page, in order, and starts the next group. Ends at the first failure.
  using PageSink = std::function<fs::Status(const TableChunk&, ByteView page)>;
  fs::Status finish(const PageSink& sink);

 private:
  static constexpr std::uint32_t kSlots = 1024;

  struct Chunk {
    std::unique_ptr<column::PageBuilder> page;
    TableChunk times;
  };

  double fill() const;
  void cut(std::span<const std::int64_t> times, std::size_t rows_max);
  bool cut_as_before(std::span<const std::int64_t> times, std::size_t rows_max);
  Chunk& open_chunk(std::size_t index, std::span<const std::int64_t> times);
  void add_values(const SeriesSamples& series);
  bool add_histograms(const SeriesSamples& series);

  const TableOptions options_;
  const std::shared_ptr<column::PageScratch> scratch_ = std::make_shared<column::PageScratch>();
  std::uint32_t slots_ = 0;
  std::size_t chunk_count_ = 0;
  std::vector<Chunk> chunks_;        // those past chunk_count_ wait for the next group
  std::vector<std::int64_t> ends_;   // the last time of each chunk, as the longest series has it
  std::size_t rows_cut_ = 0;         // of that series
  std::vector<std::size_t> pieces_;  // where the pieces of a series end, chunk after chunk
  Bytes page_;
};

}  // namespace narthex::storage::partition
