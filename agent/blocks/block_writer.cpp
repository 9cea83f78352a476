// SPDX-License-Identifier: Apache-2.0
#include "blocks/block_writer.hpp"

#include "blocks/bytes.hpp"
#include "blocks/chunk.hpp"
#include "blocks/chunk_format.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/output_file.hpp"
#include "blocks/tombstones.hpp"

#include <cstdio>
#include <filesystem>
#include <optional>

namespace narthex::blocks {

namespace {

std::string segment_name(std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%06llu", static_cast<unsigned long long>(number));
  return name;
}

Status write_whole_file(const std::string& path, std::string_view text) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok()) return file.status();
  Status status = file->write(text);
  return status.ok() ? file->close() : status;
}

}  // namespace

struct BlockWriter::Impl {
  std::string folder;     // as it will be called
  std::string temporary;  // as it is called now
  BlockMeta meta;
  IndexWriter index;
  std::optional<OutputFile> chunks;
  std::uint64_t segments = 0;
  bool finished = false;

  ~Impl() {
    if (finished || segments == 0) return;
    std::error_code ignored;
    std::filesystem::remove_all(temporary, ignored);
  }

  Status next_segment() {
    if (chunks) {
      if (Status closed = chunks->close(); !closed.ok()) return closed;
    } else {
      std::error_code failed;
      std::filesystem::create_directories(temporary + "/chunks", failed);
      if (failed) return io_error("cannot make " + temporary + ": " + failed.message());
    }
    Result<OutputFile> file = OutputFile::create(temporary + "/chunks/" + segment_name(++segments));
    if (!file.ok()) return file.status();
    chunks.emplace(*std::move(file));
    std::string head;
    put_be32(head, kChunksMagic);
    head += std::string("\1\0\0\0", 4);
    return chunks->write(head);
  }

  Result<ChunkPlace> write_chunk(const EncodedChunk& chunk) {
    if (!chunks || chunks->size() + chunk.data.size() + 16 > kChunksFileMax) {
      if (Status opened = next_segment(); !opened.ok()) return opened;
    }
    const ChunkPlace place{chunk.min_t, chunk.max_t, (segments - 1) << 32 | chunks->size()};
    std::string bytes;
    put_uvarint(bytes, chunk.data.size());
    const std::size_t checked_at = bytes.size();
    bytes += static_cast<char>(chunk.encoding);
    bytes += chunk.data;
    put_be32(bytes, crc32c(std::string_view(bytes).substr(checked_at)));
    if (Status written = chunks->write(bytes); !written.ok()) return written;
    return place;
  }
};

BlockWriter::BlockWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BlockWriter::BlockWriter(BlockWriter&&) noexcept = default;
BlockWriter::~BlockWriter() = default;
const BlockMeta& BlockWriter::meta() const { return impl_->meta; }

BlockWriter BlockWriter::make(const std::string& parent, const std::string& ulid,
                              std::int64_t min_t, std::int64_t max_t) {
  auto impl = std::make_unique<Impl>();
  impl->folder = parent + "/" + ulid;
  impl->temporary = impl->folder + ".tmp";
  impl->meta.ulid = ulid;
  impl->meta.sources = {ulid};
  impl->meta.min_t = min_t;
  impl->meta.max_t = max_t;
  return BlockWriter(std::move(impl));
}

Status BlockWriter::add(std::span<const nx_label> labels, const SampleView& samples) {
  if (samples.size() == 0) return Status();
  BlockMeta& meta = impl_->meta;
  std::vector<ChunkPlace> places;
  for (const EncodedChunk& chunk : encode_chunks(samples)) {
    const Result<ChunkPlace> place = impl_->write_chunk(chunk);
    if (!place.ok()) return place.status();
    places.push_back(*place);
    (chunk.encoding == Encoding::kXor ? meta.float_samples : meta.histogram_samples) +=
        chunk.samples;
  }
  impl_->index.add(labels, places);
  meta.samples += samples.size();
  meta.chunks += places.size();
  ++meta.series;
  return Status();
}

Result<BlockMeta> BlockWriter::finish() {
  Impl& impl = *impl_;
  if (impl.meta.series == 0) return impl.meta;
  Status status = impl.chunks->close();
  if (!status.ok()) return status;
  const Result<std::string> index = impl.index.finish();
  if (!index.ok()) return index.status();
  status = write_whole_file(impl.temporary + "/index", *index);
  if (status.ok()) status = write_whole_file(impl.temporary + "/tombstones", empty_tombstones());
  if (status.ok()) status = write_whole_file(impl.temporary + "/meta.json", to_json(impl.meta));
  if (!status.ok()) return status;
  std::error_code failed;
  std::filesystem::rename(impl.temporary, impl.folder, failed);
  if (failed) return io_error("cannot make " + impl.folder + ": " + failed.message());
  impl.finished = true;
  return impl.meta;
}

}  // namespace narthex::blocks
