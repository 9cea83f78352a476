// SPDX-License-Identifier: Apache-2.0
// chunk_files.hpp - the segment files of a block's chunks/ folder, and chunks_head/ of a running
// head. Threads: one at a time.
#pragma once

#include "blocks/damage.hpp"
#include "blocks/mapped_file.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::blocks {

struct RawChunk {
  std::uint8_t encoding = 0;
  std::string_view data;
};

// The chunks/ folder of a block.
class ChunkFiles {
 public:
  // Files that cannot be used are told and left out; their chunks are damage when asked for.
  static Result<ChunkFiles> open(const std::string& folder, const DamageSink& damage);

  // Checks the checksum. The bytes live as long as this object.
  Result<RawChunk> read(std::uint64_t ref) const;
  // The file and offset of a reference, for messages.
  Damage place(std::uint64_t ref, std::string what) const;
  std::uint64_t bytes() const;

 private:
  std::string folder_;
  std::vector<MappedFile> files_;  // by number; one that is unusable is empty
};

// The chunk that stands at `at` in a segment file; `size` becomes what it takes there.
Result<RawChunk> read_block_chunk(std::string_view file, std::uint64_t at, std::uint64_t& size);

// One chunk of chunks_head/.
struct HeadChunk {
  std::uint64_t series_ref = 0;
  std::int64_t min_t = 0, max_t = 0;
  bool out_of_order = false;
  RawChunk chunk;
};

// Walks one file. After a damaged chunk the rest of the file cannot be found: that is told, and the
// walk ends.
void read_head_chunks(std::string_view file, const std::string& name, const DamageSink& damage,
                      const std::function<void(const HeadChunk&)>& use);

// Files of a folder whose names are numbers, in their order.
std::vector<std::string> numbered_files(const std::string& folder);

}  // namespace narthex::blocks
