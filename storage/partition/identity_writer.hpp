// SPDX-License-Identifier: Apache-2.0
// identity_writer.hpp - the label sets of a table, in ordinal order, as compressed blocks of a few
// thousand. Each set is written as what changed since the one before. One thread.
#pragma once

#include "storage/bytes/bytes.hpp"
#include "storage/fs/status.hpp"
#include "storage/partition/series_samples.hpp"

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace narthex::storage::partition {

struct IdentityBlock {
  std::uint32_t first_ordinal = 0;
  Bytes bytes;  // sealed
};

class IdentityWriter {
 public:
  // False, and nothing added: the label set is too large for a table.
  bool add(Labels labels);
  // All blocks. Nothing may be added after it.
  std::vector<IdentityBlock> take();

  std::uint32_t count() const { return count_; }
  // Of the last one added; empty before. Views into the writer, valid until the next add().
  Labels last() const { return last_; }

 private:
  struct Pair {
    std::uint32_t name;
    std::uint32_t value;
  };

  std::uint32_t symbol(std::string_view text);
  void put_changes(Labels labels);
  void keep(Labels labels);
  void finish_block();

  std::uint32_t count_ = 0;
  std::vector<IdentityBlock> blocks_;

  // Of the block at work.
  std::uint32_t first_ordinal_ = 0;
  std::size_t pairs_ = 0;
  std::unordered_map<std::string, std::uint32_t> symbols_;
  Bytes symbol_sizes_;
  Bytes symbol_text_;
  Bytes changes_;

  std::string text_;  // of last_
  std::vector<Label> last_;
  std::vector<Pair> last_pairs_;
  std::vector<Pair> pairs_now_;
};

}  // namespace narthex::storage::partition
