// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/directory.hpp"

#include "storage/partition/table_format.hpp"

#include <algorithm>

namespace narthex::storage::partition {
namespace {

// Groups mostly have the times of the group before them, chunk by chunk.
class ExpectedChunk {
 public:
  explicit ExpectedChunk(const Directory& directory) : directory_(directory) {}

  // The chunk before stands in for those that the group before does not have.
  TableChunk at(std::uint32_t index) const {
    const auto& groups = directory_.groups;
    if (groups.size() > 1) {
      const TableGroup& before = groups[groups.size() - 2];
      if (index < before.chunk_count) return directory_.chunks[before.first_chunk + index];
    }
    return directory_.chunks.empty() ? TableChunk{0, 0} : directory_.chunks.back();
  }

 private:
  const Directory& directory_;
};

std::uint64_t word(std::int64_t time) { return static_cast<std::uint64_t>(time); }

bool read_chunk(ByteReader& in, const TableChunk& expected, Directory& directory) {
  TableChunk chunk;
  chunk.min_t = static_cast<std::int64_t>(in.difference(word(expected.min_t)));
  chunk.max_t = static_cast<std::int64_t>(in.difference(word(expected.max_t)));
  directory.chunks.push_back(chunk);
  return in.ok() && chunk.min_t <= chunk.max_t;
}

bool read_group(ByteReader& in, std::uint64_t& series, Directory& directory) {
  const std::uint64_t count = in.varint();
  const std::uint64_t chunks = in.varint();
  // A chunk takes two bytes at least.
  if (!in.ok() || count == 0 || count > kSlotsMax || chunks == 0 || chunks > in.left() / 2) {
    return false;
  }
  if (series + count > directory.figures.series) return false;
  directory.groups.push_back({static_cast<std::uint32_t>(series), static_cast<std::uint32_t>(count),
                              static_cast<std::uint32_t>(directory.chunks.size()),
                              static_cast<std::uint32_t>(chunks)});
  series += count;
  for (std::uint32_t c = 0; c < chunks; ++c) {
    if (!read_chunk(in, ExpectedChunk(directory).at(c), directory)) return false;
  }
  return true;
}

// The extremes of the chunks are those of the table.
bool agrees(const Directory& directory) {
  TableFigures extremes;
  for (const TableChunk& chunk : directory.chunks) {
    extremes.min_t = std::min(extremes.min_t, chunk.min_t);
    extremes.max_t = std::max(extremes.max_t, chunk.max_t);
  }
  return extremes.min_t == directory.figures.min_t && extremes.max_t == directory.figures.max_t;
}

}  // namespace

Bytes encode_directory(const Directory& directory) {
  Bytes out(kSealSize + 1);
  out.back() = kTableVersion;
  const TableFigures& figures = directory.figures;
  put_varint(out, figures.series);
  put_varint(out, figures.samples);
  put_difference(out, word(figures.min_t), 0);
  put_difference(out, word(figures.max_t), 0);
  put_varint(out, directory.groups.size());
  Directory before;  // as the reader will have it
  before.chunks.reserve(directory.chunks.size());
  for (const TableGroup& group : directory.groups) {
    before.groups.push_back(group);
    put_varint(out, group.series_count);
    put_varint(out, group.chunk_count);
    for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
      const TableChunk expected = ExpectedChunk(before).at(c);
      const TableChunk& chunk = directory.chunks[group.first_chunk + c];
      put_difference(out, word(chunk.min_t), word(expected.min_t));
      put_difference(out, word(chunk.max_t), word(expected.max_t));
      before.chunks.push_back(chunk);
    }
  }
  seal(out);
  return out;
}

std::optional<Directory> decode_directory(ByteView bytes) {
  const auto content = unseal(bytes);
  if (!content) return std::nullopt;
  ByteReader in(*content);
  if (in.byte() != kTableVersion) return std::nullopt;
  Directory directory;
  TableFigures& figures = directory.figures;
  figures.series = in.varint();
  figures.samples = in.varint();
  figures.min_t = static_cast<std::int64_t>(in.difference(0));
  figures.max_t = static_cast<std::int64_t>(in.difference(0));
  const std::uint64_t groups = in.varint();
  // A group takes four bytes at least.
  if (!in.ok() || figures.series > UINT32_MAX || groups > in.left() / 4) return std::nullopt;
  directory.groups.reserve(static_cast<std::size_t>(groups));
  std::uint64_t series = 0;
  for (std::uint64_t g = 0; g < groups; ++g) {
    if (!read_group(in, series, directory)) return std::nullopt;
  }
  if (series != figures.series || in.left() != 0 || !agrees(directory)) return std::nullopt;
  return directory;
}

}  // namespace narthex::storage::partition
