// SPDX-License-Identifier: Apache-2.0
// source.hpp - where a query's samples come from. The evaluator does no I/O of its own: whoever
// runs a query adapts a storage to this. Used from the thread that runs the query.
#pragma once

#include "promql/ast.hpp"

#include <narthex/sdk/result.hpp>
#include <narthex/storage.h>

#include <memory>
#include <span>

namespace narthex::promql {

// Walks blocks, as nx_storage::next() does: the block is valid until the next next().
class BlockCursor {
 public:
  virtual ~BlockCursor() = default;
  virtual bool next() = 0;  // false at the end and after a failure: ask status()
  virtual const nx_block& block() const = 0;
  virtual Status status() const = 0;
  // As nx_storage::split(): one that yields about half of what this one has left. Null: it stays
  // whole.
  virtual std::unique_ptr<BlockCursor> split() { return nullptr; }
};

// What a block holds in memory, by and large.
inline std::uint64_t bytes_of(const nx_block& block) {
  constexpr std::uint64_t kHistogramBytes = 512;
  const std::uint64_t columns = (block.flags & NX_BLOCK_SHARED_T) != 0 ? 1 : 2;
  return (block.sample_count * columns + block.t_rows) * 8 + block.hist_count * kHistogramBytes;
}

class Source {
 public:
  virtual ~Source() = default;
  // options.struct_size is set. What the ABI says about hints and promises holds here too.
  virtual Result<std::unique_ptr<BlockCursor>> select(std::span<const LabelMatcher> matchers,
                                                      const nx_scan_opts& options) = 0;
};

}  // namespace narthex::promql
