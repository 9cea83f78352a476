// SPDX-License-Identifier: Apache-2.0
// block_writer.hpp - writes one block: chunks as they come, index and meta.json at the end. The
// folder is made under a name with ".tmp" and takes its own name once everything is on the disk, so
// that nobody finds half a block. No thread rules.
#pragma once

#include "blocks/index_writer.hpp"
#include "blocks/meta.hpp"
#include "blocks/samples.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <span>
#include <string>

namespace narthex::blocks {

class BlockWriter {
 public:
  // A block for [min_t, max_t) below `parent`, which exists, under the name `ulid`. Nothing is on
  // the disk before the first add().
  static BlockWriter make(const std::string& parent, const std::string& ulid, std::int64_t min_t,
                          std::int64_t max_t);
  BlockWriter(BlockWriter&&) noexcept;
  ~BlockWriter();  // removes what was not finished

  // REQUIRES: series come in label order, times ascend and lie in [min_t, max_t).
  Status add(std::span<const nx_label> labels, const SampleView& samples);
  // Without series there is no block: nothing is left, and samples is 0.
  Result<BlockMeta> finish();
  const BlockMeta& meta() const;

 private:
  struct Impl;
  explicit BlockWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::blocks
