// SPDX-License-Identifier: Apache-2.0
// index_writer.hpp - the index of a block, version 2, built in memory: labels and chunk places of
// all its series. No thread rules.
#pragma once

#include "blocks/index_reader.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::blocks {

class IndexWriter {
 public:
  // REQUIRES: labels are sorted, and series come in label order.
  void add(std::span<const nx_label> labels, std::span<const ChunkPlace> chunks);
  std::size_t series_count() const { return series_.size(); }
  // The whole file. Fails when it would pass what 4-byte offsets can say.
  Result<std::string> finish();

 private:
  struct Series {
    std::size_t first_label, label_count;  // of labels_
    std::size_t first_chunk, chunk_count;  // of chunks_
  };
  std::uint32_t intern(std::string_view text);
  void sort_symbols();
  void write_symbols(std::string& out) const;
  void write_series(std::string& out);
  void write_label_indices(std::string& out);
  void write_postings(std::string& out);

  std::unordered_map<std::string, std::uint32_t> interned_;
  std::vector<const std::string*> texts_;  // by number of interning
  std::vector<std::uint32_t> rank_;        // number of interning -> number in the file
  std::vector<std::uint32_t> by_rank_;     // and back
  std::vector<std::pair<std::uint32_t, std::uint32_t>> labels_;
  std::vector<ChunkPlace> chunks_;
  std::vector<Series> series_;
  std::vector<std::uint32_t> refs_;  // of series_, as postings name them
  std::string label_table_, postings_table_;
  std::uint32_t label_entries_ = 0, postings_entries_ = 0;
};

}  // namespace narthex::blocks
