// SPDX-License-Identifier: Apache-2.0
#include "blocks/chunk_files.hpp"

#include "blocks/bytes.hpp"
#include "blocks/chunk_format.hpp"
#include "blocks/crc32c.hpp"

#include <algorithm>
#include <filesystem>

namespace narthex::blocks {

namespace {

bool has_head(std::string_view file, std::uint32_t magic) {
  ByteReader in(file);
  return in.be32() == magic && in.byte() == 1;
}

bool is_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::vector<std::string> numbered_files(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (is_number(name)) names.push_back(name);
  }
  // Numbers have leading zeros but may outgrow them.
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  for (std::string& name : names) name.insert(0, folder + "/");
  return names;
}

Result<RawChunk> read_block_chunk(std::string_view file, std::uint64_t at, std::uint64_t& size) {
  if (at < kChunksHead || at >= file.size()) return invalid_data("there is no chunk here");
  ByteReader in(file.substr(at));
  const std::uint64_t data_size = in.uvarint();
  const std::size_t checked_at = at + in.offset();
  RawChunk chunk;
  chunk.encoding = in.byte();
  chunk.data = in.take(data_size);
  const std::uint32_t sum = in.be32();
  if (in.failed()) return invalid_data("the chunk is cut off");
  if (sum != crc32c(file.substr(checked_at, data_size + 1))) {
    return invalid_data("checksum of the chunk is wrong");
  }
  size = in.offset();
  return chunk;
}

Result<ChunkFiles> ChunkFiles::open(const std::string& folder, const DamageSink& damage) {
  ChunkFiles out;
  out.folder_ = folder;
  for (const std::string& path : numbered_files(folder)) {
    Result<MappedFile> file = MappedFile::open(path);
    if (!file.ok()) return file.status();
    if (!has_head(file->bytes(), kChunksMagic)) {
      damage({path, 0, "not a chunks file of version 1: its chunks are left out"});
    }
    out.files_.push_back(*std::move(file));
  }
  return out;
}

Result<RawChunk> ChunkFiles::read(std::uint64_t ref) const {
  const std::uint64_t number = ref >> 32;
  if (number >= files_.size()) return invalid_data("the chunk's file is missing");
  std::uint64_t size = 0;
  return read_block_chunk(files_[number].bytes(), ref & 0xFFFFFFFF, size);
}

Damage ChunkFiles::place(std::uint64_t ref, std::string what) const {
  const std::uint64_t number = ref >> 32;
  const std::string file =
      number < files_.size() ? files_[number].path() : folder_ + "/" + std::to_string(number + 1);
  return {file, ref & 0xFFFFFFFF, std::move(what)};
}

std::uint64_t ChunkFiles::bytes() const {
  std::uint64_t sum = 0;
  for (const MappedFile& file : files_) sum += file.bytes().size();
  return sum;
}

void read_head_chunks(std::string_view file, const std::string& name, const DamageSink& damage,
                      const std::function<void(const HeadChunk&)>& use) {
  if (!has_head(file, kHeadChunksMagic)) {
    if (!file.empty()) damage({name, 0, "not a head chunks file of version 1: left out"});
    return;
  }
  std::uint64_t at = kChunksHead;
  while (at < file.size()) {
    ByteReader in(file.substr(at));
    HeadChunk chunk;
    chunk.series_ref = in.be64();
    chunk.min_t = static_cast<std::int64_t>(in.be64());
    chunk.max_t = static_cast<std::int64_t>(in.be64());
    const std::uint8_t encoding = in.byte();
    // A file is written into room made beforehand: zeros are its end.
    if (chunk.series_ref == 0 && chunk.min_t == 0 && chunk.max_t == 0 && encoding == 0) return;
    chunk.out_of_order = (encoding & kOutOfOrderBit) != 0;
    chunk.chunk.encoding = encoding & static_cast<std::uint8_t>(~kOutOfOrderBit);
    chunk.chunk.data = in.text();
    const std::size_t size = in.offset();
    const std::uint32_t sum = in.be32();
    if (in.failed() || sum != crc32c(file.substr(at, size))) {
      const char* why = in.failed() ? "the chunk is cut off" : "checksum of the chunk is wrong";
      return damage({name, at, std::string(why) + ": the rest of the file is left out"});
    }
    use(chunk);
    at += in.offset();
  }
}

}  // namespace narthex::blocks
