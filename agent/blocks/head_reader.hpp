// SPDX-License-Identifier: Apache-2.0
// head_reader.hpp - what a Prometheus data directory holds outside of its blocks: the write-ahead
// log with its checkpoint, the log of late samples (wbl/) and the chunks of the head
// (chunks_head/).
#pragma once

#include "blocks/damage.hpp"
#include "blocks/sink.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>

namespace narthex::blocks {

struct HeadOptions {
  TimeRange range;
  // Samples in order that are older stand in blocks already; late ones (wbl/) are taken anyway.
  std::int64_t not_before = INT64_MIN;
};

// Reads the log twice: first which series there are and what was deleted, then the samples, those
// of chunks_head/ in between. Samples of series that no good record names are counted and told in
// one damage at the end. Memory: the label sets of the series of the head.
// Fails only when the sink does.
Status read_head(const std::string& folder, const HeadOptions& options, SampleSink& sink,
                 const DamageSink& damage);

// Bytes of the files it would read, for progress.
std::uint64_t head_bytes(const std::string& folder);

}  // namespace narthex::blocks
