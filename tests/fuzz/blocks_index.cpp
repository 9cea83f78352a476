// SPDX-License-Identifier: Apache-2.0
// blocks_index.cpp - the first byte says what the rest is: a whole file (index, chunks, head
// chunks, tombstones), or the contents of an index whose checksums are put right, so that what
// stands behind them is reached.
#include "blocks/bytes.hpp"
#include "blocks/chunk_files.hpp"
#include "blocks/chunk_format.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/index_format.hpp"
#include "blocks/index_reader.hpp"
#include "blocks/tombstones.hpp"

#include <cstdlib>

namespace narthex::blocks {
namespace {

void walk(std::string_view file) {
  std::size_t told = 0;
  Result<IndexReader> index =
      IndexReader::open(file, "index", [&](const Damage& damage) { told += damage.what.size(); });
  if (!index.ok()) return;
  std::size_t sum = 0;
  while (index->next()) {
    for (const nx_label& label : index->labels()) sum += label.name.len + label.value.len;
    for (const ChunkPlace& place : index->chunks()) sum += place.ref != 0 ? 1 : 0;
    if (index->offset() >= file.size()) std::abort();
  }
  if (sum > 0 && file.size() < kIndexHead) std::abort();
}

// Symbols: the bytes up to the first 0xFF. Series entries: pieces ended by 0xFF.
std::string with_checksums(std::string_view parts, char version) {
  std::string out;
  put_be32(out, kIndexMagic);
  out += version;
  const std::size_t end = parts.find('\xFF');
  std::string symbols;
  put_be32(symbols, static_cast<std::uint32_t>(end == std::string_view::npos ? 0 : end % 64));
  symbols += parts.substr(0, end);
  put_be32(out, static_cast<std::uint32_t>(symbols.size()));
  out += symbols;
  put_be32(out, crc32c(symbols));
  while (out.size() % kSeriesAlignment != 0) out += '\0';
  const std::size_t series_at = out.size();
  for (std::size_t at = end; at < parts.size();) {
    const std::size_t next = parts.find('\xFF', ++at);
    const std::string_view entry =
        parts.substr(at, next == std::string_view::npos ? next : next - at);
    at = next;
    while (version == 2 && out.size() % kSeriesAlignment != 0) out += '\0';
    put_uvarint(out, entry.size());
    out += entry;
    put_be32(out, crc32c(entry));
  }
  std::string contents;
  put_be64(contents, kIndexHead);
  put_be64(contents, series_at);
  for (int i = 0; i < 4; ++i) put_be64(contents, out.size());
  put_be32(contents, crc32c(contents));
  return out + contents;
}

void read_chunks(std::string_view file) {
  for (std::uint64_t at = 0; at < file.size();) {
    std::uint64_t size = 0;
    const Result<RawChunk> chunk = read_block_chunk(file, at, size);
    at += chunk.ok() ? size : 1;
  }
}

void run_index(std::uint8_t what, std::string_view rest) {
  switch (what % 6) {
    case 0:
      return walk(rest);
    case 1:
      return walk(with_checksums(rest, 2));
    case 2:
      return walk(with_checksums(rest, 1));
    case 3:
      return read_chunks(rest);
    case 4:
      return read_head_chunks(
          rest, "head", [](const Damage&) {}, [](const HeadChunk&) {});
    default:
      (void)Tombstones::parse(rest).ok();
      std::string file = empty_tombstones().substr(0, 5);
      file += rest;
      put_be32(file, crc32c(rest));
      (void)Tombstones::parse(file).ok();
  }
}

}  // namespace
}  // namespace narthex::blocks

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  narthex::blocks::run_index(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
