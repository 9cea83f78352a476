// SPDX-License-Identifier: Apache-2.0
#include "blocks/block_reader.hpp"

#include "blocks/chunk.hpp"
#include "blocks/chunk_files.hpp"
#include "blocks/index_reader.hpp"
#include "blocks/mapped_file.hpp"
#include "blocks/tombstones.hpp"

#include <algorithm>
#include <filesystem>

namespace narthex::blocks {

namespace {

constexpr std::size_t kMetaMaxBytes = std::size_t{16} << 20;
constexpr std::size_t kRowsAtOnce = 65'536;

// The rows of `samples` outside of all intervals.
void drop_deleted(const Samples& samples, const std::vector<Tombstones::Interval>& intervals,
                  Samples& out) {
  out.clear();
  const SampleView view = samples.view();
  for (std::size_t i = 0; i < view.size(); ++i) {
    const auto deleted = [&](const Tombstones::Interval& interval) {
      return view.t[i] >= interval.min_t && view.t[i] <= interval.max_t;
    };
    if (std::any_of(intervals.begin(), intervals.end(), deleted)) continue;
    if (!view.h.empty() && view.h[i] != NX_NONE) {
      out.add_copy(view.t[i], view.hists[view.h[i]]);
    } else {
      out.add(view.t[i], view.v[i]);
    }
  }
}

class BlockWalk {
 public:
  BlockWalk(IndexReader& index, const ChunkFiles& files, const Tombstones& tombstones,
            const TimeRange& range, SampleSink& sink, const DamageSink& damage)
      : index_(index),
        files_(files),
        tombstones_(tombstones),
        range_(range),
        sink_(sink),
        damage_(damage) {}

  // The sink's failure.
  Status run() {
    std::uint64_t seen = 0;
    while (index_.next()) {
      const Status status = read_series();
      if (!status.ok()) return status;
      sink_.progress(index_.offset() - seen + chunk_bytes_);
      seen = index_.offset();
      chunk_bytes_ = 0;
    }
    return Status();
  }

 private:
  Status read_series() {
    bool wanted = false;
    for (const ChunkPlace& place : index_.chunks()) {
      wanted = wanted || range_.overlaps(place.min_t, place.max_t);
    }
    if (!wanted) return Status();
    const std::uint64_t series = sink_.series(index_.labels());
    if (series == SampleSink::kUnwanted) return Status();
    Status status;
    for (const ChunkPlace& place : index_.chunks()) {
      if (!range_.overlaps(place.min_t, place.max_t)) continue;
      read_chunk(place);
      if (rows_.size() >= kRowsAtOnce) status = hand_over(series);
      if (!status.ok()) return status;
    }
    if (rows_.size() > 0) status = hand_over(series);
    return status.ok() ? sink_.release() : status;
  }

  void read_chunk(const ChunkPlace& place) {
    const Result<RawChunk> raw = files_.read(place.ref);
    Status read = raw.status();
    if (raw.ok()) {
      chunk_bytes_ += raw->data.size();
      read = decode_chunk(raw->encoding, raw->data, rows_);
    }
    if (!read.ok()) damage_(files_.place(place.ref, read.message() + ": left out"));
  }

  Status hand_over(std::uint64_t series) {
    rows_.settle();  // overlapping chunks, after compactions of overlapping blocks
    const auto* intervals = tombstones_.of(index_.series_ref());
    if (intervals != nullptr) drop_deleted(rows_, *intervals, kept_);
    const Samples& out = intervals != nullptr ? kept_ : rows_;
    const Status status = out.size() > 0 ? sink_.samples(series, out.view()) : Status();
    rows_.clear();
    return status;
  }

  IndexReader& index_;
  const ChunkFiles& files_;
  const Tombstones& tombstones_;
  const TimeRange range_;
  SampleSink& sink_;
  const DamageSink& damage_;
  Samples rows_, kept_;
  std::uint64_t chunk_bytes_ = 0;
};

Tombstones read_tombstones(const std::string& folder, const DamageSink& damage) {
  const std::string path = folder + "/tombstones";
  const Result<MappedFile> file = MappedFile::open(path);
  if (!file.ok()) return {};  // optional
  Result<Tombstones> read = Tombstones::parse(file->bytes());
  if (read.ok()) return *std::move(read);
  damage({path, 0, read.status().message() + ": nothing counts as deleted"});
  return {};
}

}  // namespace

Result<BlockMeta> read_meta(const std::string& folder) {
  const std::string path = folder + "/meta.json";
  const Result<std::string> text = read_small_file(path, kMetaMaxBytes);
  if (!text.ok()) return text.status();
  return parse_meta(path, *text);
}

Status read_block(const std::string& folder, const TimeRange& range, SampleSink& sink,
                  const DamageSink& damage, bool* sink_failed) {
  *sink_failed = false;
  const Result<MappedFile> index_file = MappedFile::open(folder + "/index");
  if (!index_file.ok()) return index_file.status();
  Result<IndexReader> index = IndexReader::open(index_file->bytes(), index_file->path(), damage);
  if (!index.ok()) return index.status();
  const Result<ChunkFiles> files = ChunkFiles::open(folder + "/chunks", damage);
  if (!files.ok()) return files.status();
  const Tombstones tombstones = read_tombstones(folder, damage);
  const Status status = BlockWalk(*index, *files, tombstones, range, sink, damage).run();
  *sink_failed = !status.ok();
  return status;
}

std::uint64_t block_bytes(const std::string& folder) {
  std::uint64_t sum = 0;
  std::error_code failed;
  std::vector<std::string> paths = numbered_files(folder + "/chunks");
  paths.push_back(folder + "/index");
  for (const std::string& path : paths) {
    const std::uint64_t size = std::filesystem::file_size(path, failed);
    if (!failed) sum += size;
  }
  return sum;
}

}  // namespace narthex::blocks
