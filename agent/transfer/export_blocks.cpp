// SPDX-License-Identifier: Apache-2.0
#include "blocks/block_writer.hpp"
#include "transfer/exporter.hpp"
#include "transfer/series_stream.hpp"

#include <algorithm>
#include <filesystem>
#include <random>

namespace narthex::transfer {

namespace {

std::int64_t floor_to(std::int64_t t, std::int64_t step) { return t - (t % step + step) % step; }

Status write_block(store::Store& store, const ExportOptions& options, const blocks::TimeRange& span,
                   blocks::BlockWriter& block, ExportCounts& counts,
                   const ExportProgress& progress) {
  Result<SeriesStream> stream = SeriesStream::open(store, options.selectors, span);
  if (!stream.ok()) return stream.status();
  while (stream->next()) {
    const StreamedSeries& series = stream->series();
    if (series.samples.size() == 0) continue;
    const Status added = block.add(series.labels, series.samples);
    if (!added.ok()) return added;
    ++counts.series;
    counts.samples += series.samples.size();
    counts.histograms +=
        static_cast<std::uint64_t>(std::count_if(series.samples.h.begin(), series.samples.h.end(),
                                                 [](std::uint32_t h) { return h != NX_NONE; }));
    progress(counts);
  }
  return stream->status();
}

}  // namespace

Result<ExportCounts> export_blocks(store::Store& store, const ExportOptions& options,
                                   const ExportProgress& progress) {
  std::error_code failed;
  // Readers of data directories (promtool, the sidecar of Thanos) insist on a wal folder.
  std::filesystem::create_directories(options.out + "/wal", failed);
  if (failed) return io_error("cannot make " + options.out + ": " + failed.message());
  const blocks::TimeRange extent = extent_of(store);
  const std::int64_t first = std::max(extent.min_t, options.range.min_t);
  const std::int64_t last = std::min(extent.max_t, options.range.max_t);
  ExportCounts counts;
  std::random_device entropy;
  std::mt19937_64 random(static_cast<std::uint64_t>(entropy()) << 32 | entropy());
  for (std::int64_t begin = floor_to(first, options.block_ms); first <= last && begin <= last;
       begin += options.block_ms) {
    // Names of blocks that are made one after the other sort in that order.
    const std::string ulid = blocks::make_ulid(
        options.now_ms + static_cast<std::int64_t>(counts.blocks.size()), random(), random());
    blocks::BlockWriter block =
        blocks::BlockWriter::make(options.out, ulid, begin, begin + options.block_ms);
    const blocks::TimeRange span{std::max(begin, first),
                                 std::min(begin + options.block_ms - 1, last)};
    const Status written = write_block(store, options, span, block, counts, progress);
    if (!written.ok()) return written;
    const Result<blocks::BlockMeta> meta = block.finish();
    if (!meta.ok()) return meta.status();
    if (meta->samples > 0) counts.blocks.push_back(options.out + "/" + ulid);
  }
  return counts;
}

}  // namespace narthex::transfer
