// SPDX-License-Identifier: Apache-2.0
// range_block.hpp - range vectors between operators: some series with their sample columns, and for
// every step the window of samples that it sees. Laid out as kernels get it (nx_window_in).
#pragma once

#include "promql/label_store.hpp"
#include "promql/memory.hpp"

#include <narthex/function.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace narthex::promql {

struct RangeBlock {
  nx_window_in in{};               // args, arg_count and labels are the caller's
  Column<LabelSet> labels;         // [series_count]
  Column<std::uint8_t> drop_name;  // [series_count], or empty
  std::uint64_t samples = 0;       // in all windows together, histograms by weight
  std::uint64_t held = 0;          // in memory
};

// Yields blocks; the arrays of one are valid until the next call. One thread.
class RangeStream {
 public:
  virtual ~RangeStream() = default;
  virtual bool next(RangeBlock& out) = 0;  // false at the end and after a failure
};
using RangePtr = std::unique_ptr<RangeStream>;

}  // namespace narthex::promql
