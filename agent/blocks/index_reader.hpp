// SPDX-License-Identifier: Apache-2.0
// index_reader.hpp - the index of a block: its series with their labels and chunks, in label order.
//
// Reads the symbol table and then walks the series section; postings and the tables of offsets are
// not needed for that, and a damaged one keeps nobody from his samples. Versions 1 and 2. Each
// entry has a checksum: a damaged one is told and left out, and the walk goes on at the next
// 16-byte border that begins a good one. Thread: one at a time.
#pragma once

#include "blocks/damage.hpp"

#include <narthex/data.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::blocks {

struct ChunkPlace {
  std::int64_t min_t, max_t;  // both inclusive
  std::uint64_t ref;          // number of the file in its upper half, offset in the lower one
};

class IndexReader {
 public:
  // `bytes` outlive the reader and what it yields; `name` is the file, for messages.
  static Result<IndexReader> open(std::string_view bytes, std::string name, DamageSink damage);

  // Moves to the next good series.
  bool next();
  // Of the current series; labels() views the bytes of the index, until the next next().
  std::span<const nx_label> labels() const { return labels_; }
  std::span<const ChunkPlace> chunks() const { return chunks_; }
  // The number by which tombstones name it.
  std::uint64_t series_ref() const { return series_ref_; }
  std::uint64_t offset() const { return entry_at_; }
  std::size_t symbol_count() const { return symbols_.size(); }

 private:
  IndexReader() = default;
  Status read_symbols(std::uint64_t at);
  bool read_entry(std::string_view entry);
  bool read_labels(class ByteReader& in);
  bool read_chunks(class ByteReader& in);
  bool symbol(std::uint64_t ref, nx_str& out) const;

  std::string_view bytes_;
  std::string name_;
  DamageSink damage_;
  int version_ = 2;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> symbol_offsets_;  // version 1: where each stands in the file
  std::uint64_t at_ = 0, end_ = 0;             // of what is left of the series section
  std::uint64_t entry_at_ = 0, series_ref_ = 0;
  bool lost_ = false;  // looking for the next good entry
  std::vector<nx_label> labels_;
  std::vector<ChunkPlace> chunks_;
};

}  // namespace narthex::blocks
