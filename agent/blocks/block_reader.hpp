// SPDX-License-Identifier: Apache-2.0
// block_reader.hpp - all samples of one block of a Prometheus TSDB (or of Thanos, Mimir, ...).
#pragma once

#include "blocks/damage.hpp"
#include "blocks/meta.hpp"
#include "blocks/sink.hpp"

#include <narthex/sdk/result.hpp>

#include <string>

namespace narthex::blocks {

Result<BlockMeta> read_meta(const std::string& folder);

// Yields series by series in label order, the samples of each in time order and at most some
// 64 Ki at once. Damaged entries and chunks are told and left out, deleted samples are left out
// silently. Fails when nothing of the block can be read, or when the sink fails: then *sink_failed
// is set. Memory: the symbol table, and what one call of the sink gets.
Status read_block(const std::string& folder, const TimeRange& range, SampleSink& sink,
                  const DamageSink& damage, bool* sink_failed);

// Bytes of its index and chunks, for progress.
std::uint64_t block_bytes(const std::string& folder);

}  // namespace narthex::blocks
