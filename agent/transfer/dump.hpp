// SPDX-License-Identifier: Apache-2.0
// dump.hpp - writes what a store holds as lines for people and scripts, as `promtool tsdb dump`
// does:
// {__name__="up", job="node"} 1 1700000000000. Marks of staleness are NaN, native histograms are
// laid out as histogram_text.hpp says.
#pragma once

#include "blocks/sink.hpp"
#include "store/store.hpp"
#include "transfer/loader.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <vector>

namespace narthex::transfer {

struct DumpOptions {
  std::vector<Selector> selectors;  // series that match any; none: all
  blocks::TimeRange range;
  std::string out = "-";  // a file, or the standard output
};

// Series in label order, the samples of each by time; streamed. How many samples.
Result<std::uint64_t> dump_samples(store::Store& store, const DumpOptions& options);

}  // namespace narthex::transfer
