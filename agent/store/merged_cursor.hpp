// SPDX-License-Identifier: Apache-2.0
// merged_cursor.hpp - one walk over several that are each sorted by labels: a series that several
// have comes once, its samples by time, of equal times that of the first source. Private to the
// room.
#pragma once

#include "store/querier.hpp"

#include <narthex/sdk/labels.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

namespace narthex::store {

struct LabelledSource {
  std::unique_ptr<CursorSource> source;
  std::vector<std::string> dropped;  // labels to take off, sorted
  // Told when it fails; the walk goes on without it. Empty: its failure is the walk's.
  std::function<void(const Status&)> on_failure;
};

class MergedCursor final : public CursorSource {
 public:
  MergedCursor(std::vector<LabelledSource> sources, const nx_scan_opts& opts);
  ~MergedCursor() override;
  bool next() override;

 private:
  class Stream;

  bool advance(Stream& stream);
  Stream* least();
  void add_series(const Labels& labels);
  void add_rows(const std::vector<Stream*>& same);
  void clear();
  void fill_block();

  std::vector<std::unique_ptr<Stream>> streams_;
  const std::size_t block_samples_;
  const std::uint64_t limit_series_;
  std::uint64_t given_series_ = 0;

  // The block on its way out.
  std::deque<std::string> texts_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> label_ref_, label_off_, row0_, row1_, h_;
  std::vector<std::uint64_t> ids_, offsets_;
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  std::vector<nx_histogram> hists_;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_;
  nx_series_table table_{};
  std::map<Labels, std::uint64_t> known_;  // numbers of series, as label sets have one
};

}  // namespace narthex::store
