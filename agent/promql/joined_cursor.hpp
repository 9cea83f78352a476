// SPDX-License-Identifier: Apache-2.0
// joined_cursor.hpp - the blocks of a source, with series that it sent in pieces put together: a
// row of a result, or a window, is made of one block. Only a series of very many samples comes in
// pieces (NX_BLOCK_CONTINUES, storage.h), and only such a one is ever copied. One thread.
#pragma once

#include "promql/context.hpp"
#include "promql/source.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::promql {

// What is asked for in a block: few enough samples to stay in the cache of a core, and so that most
// queries have a block that can be read while another is computed on. Some series, since each block
// costs its labels and windows.
inline constexpr std::uint32_t kBlockSamples = std::uint32_t{1} << 16;
inline constexpr std::uint32_t kBlockSeries = 4;

// All pieces of a series but its last have at least so many samples.
inline constexpr std::uint32_t kPieceSamples = std::uint32_t{1} << 22;

class JoinedCursor final : public BlockCursor {
 public:
  // The context outlives it. A query that ends while pieces are put together has failed there.
  JoinedCursor(Context& context, std::unique_ptr<BlockCursor> from,
               std::uint32_t piece_samples = kPieceSamples)
      : context_(context), from_(std::move(from)), piece_samples_(piece_samples) {}

  bool next() override;
  const nx_block& block() const override { return block_; }
  Status status() const override { return from_->status(); }

 private:
  // The series that is put together, in columns of its own.
  struct Whole {
    std::vector<std::string> texts;
    std::vector<nx_str> symbols;
    std::vector<std::uint32_t> symbol_ids, refs;
    std::uint32_t label_off[2] = {};
    std::uint64_t id = 0;
    std::uint64_t off = 0;
    std::uint32_t row0 = 0;
    std::uint32_t row1 = 0;
    Column<std::int64_t> t;
    Column<double> v;
    Column<std::uint32_t> h;  // empty: floats only
    Column<nx_histogram> hists;
  };

  bool fetch();
  bool last_may_go_on() const;
  bool join();
  void take_labels(const nx_block& from, std::uint32_t series);
  bool take_samples(const nx_block& from, std::uint32_t series);
  void show(std::uint32_t count);
  void show_whole();

  Context& context_;
  const std::unique_ptr<BlockCursor> from_;
  const std::uint32_t piece_samples_;
  nx_block block_{};         // what is shown: a part of from_'s, or whole_
  nx_series_table table_{};  // of that
  std::uint32_t first_ = 0;  // series of from_'s block that were shown
  std::uint32_t left_ = 0;   // ... and those that were not
  Whole whole_;
};

// What a selector of the query reads. Null when the query has failed.
std::unique_ptr<BlockCursor> select_blocks(Context& context, std::span<const LabelMatcher> matchers,
                                           nx_scan_opts options);

}  // namespace narthex::promql
