// SPDX-License-Identifier: Apache-2.0
// exporter.hpp - writes what a store holds as OpenMetrics text or as blocks of a Prometheus TSDB.
#pragma once

#include "blocks/sink.hpp"
#include "store/store.hpp"
#include "transfer/loader.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace narthex::transfer {

struct ExportOptions {
  std::vector<Selector> selectors;  // series that match any; none: all
  blocks::TimeRange range;          // narrowed to what there is
  std::string out;                  // a file, or "-"; with blocks: a folder, made where missing
  std::int64_t block_ms = std::int64_t{2} * 3600 * 1000;
  std::int64_t now_ms = 0;  // for the names of blocks
};

struct ExportCounts {
  std::uint64_t series = 0;  // with blocks: in each block on its own
  std::uint64_t samples = 0, histograms = 0;
  std::uint64_t left_out = 0;  // native histograms, which OpenMetrics 1.0 has no text for
  std::uint64_t bytes = 0;
  std::vector<std::string> blocks;
};

using ExportProgress = std::function<void(const ExportCounts&)>;

// Ends with "# EOF". Families that are known to be counters or gauges are described, others are of
// unknown type, as promtool has them.
Result<ExportCounts> export_open_metrics(store::Store& store, const ExportOptions& options,
                                         const ExportProgress& progress);

// One block for each aligned span of block_ms that has samples, and an empty wal folder, without
// which promtool reads no folder of blocks.
Result<ExportCounts> export_blocks(store::Store& store, const ExportOptions& options,
                                   const ExportProgress& progress);

}  // namespace narthex::transfer
