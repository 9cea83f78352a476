// SPDX-License-Identifier: Apache-2.0
// sources.hpp - what stands at a path, told by what is there and not by its name.
#pragma once

#include "blocks/damage.hpp"
#include "transfer/loader.hpp"
#include "transfer/text_reader.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::transfer {

enum class SourceKind { kText, kBlock, kDataDirectory };

struct Source {
  SourceKind kind = SourceKind::kText;
  std::string path;
  std::vector<std::string> blocks;  // folders; kBlock: the one
  std::uint64_t bytes = 0;          // of all that will be read
};

// A folder with meta.json, index and chunks/ is a block; one with blocks, wal/ or chunks_head/
// below is a data directory, or a snapshot; a file is text.
Result<Source> find_source(const std::string& path);

// Reads all of it. Damage is told and gone without. Fails when the loader does, when a text is
// wrong, or when nothing at all could be read of a block.
Status load_source(const Source& source, const blocks::TimeRange& range, TextReader& texts,
                   Loader& loader, const blocks::DamageSink& damage);

}  // namespace narthex::transfer
