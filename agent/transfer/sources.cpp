// SPDX-License-Identifier: Apache-2.0
#include "transfer/sources.hpp"

#include "blocks/block_reader.hpp"
#include "blocks/head_reader.hpp"

#include <algorithm>
#include <filesystem>

namespace narthex::transfer {

namespace {

namespace fs = std::filesystem;

bool there(const std::string& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

bool is_block(const std::string& folder) {
  return there(folder + "/meta.json") && there(folder + "/index") && there(folder + "/chunks");
}

std::vector<std::string> blocks_below(const std::string& folder) {
  std::vector<std::string> blocks;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string path = at->path().string();
    // Half-written ones of Prometheus end in .tmp-for-creation and the like.
    if (at->path().extension().empty() && is_block(path)) blocks.push_back(path);
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

bool overlaps(const blocks::BlockMeta& meta, const blocks::TimeRange& range) {
  return range.overlaps(meta.min_t, meta.max_t - 1);
}

// The end of what stands in blocks in order: the log holds it once more.
std::int64_t end_of_blocks(const std::vector<std::string>& folders) {
  std::int64_t end = INT64_MIN;
  for (const std::string& folder : folders) {
    const Result<blocks::BlockMeta> meta = blocks::read_meta(folder);
    if (meta.ok() && !meta->out_of_order()) end = std::max(end, meta->max_t);
  }
  return end;
}

}  // namespace

Result<Source> find_source(const std::string& path) {
  std::error_code failed;
  const fs::file_status what = fs::status(path, failed);
  if (failed || !fs::exists(what)) {
    return not_found("cannot read " + path + ": " +
                     (failed ? failed.message() : std::string("no such file or directory")));
  }
  Source source;
  source.path = path;
  if (!fs::is_directory(what)) {
    source.bytes = fs::file_size(path, failed);
    return source;
  }
  if (is_block(path)) {
    source.kind = SourceKind::kBlock;
    source.blocks = {path};
    source.bytes = blocks::block_bytes(path);
    return source;
  }
  source.kind = SourceKind::kDataDirectory;
  source.blocks = blocks_below(path);
  if (source.blocks.empty() && !there(path + "/wal") && !there(path + "/chunks_head")) {
    return invalid_data(path +
                        " is neither a block (meta.json, index, chunks/) nor a Prometheus "
                        "data directory (blocks, wal/)");
  }
  source.bytes = blocks::head_bytes(path);
  for (const std::string& block : source.blocks) source.bytes += blocks::block_bytes(block);
  return source;
}

Status load_source(const Source& source, const blocks::TimeRange& range, TextReader& texts,
                   Loader& loader, const blocks::DamageSink& damage) {
  if (source.kind == SourceKind::kText) return texts.read(source.path, loader);
  for (const std::string& folder : source.blocks) {
    const Result<blocks::BlockMeta> meta = blocks::read_meta(folder);
    // Without good words about its times a block is read anyway.
    if (meta.ok() && !overlaps(*meta, range)) continue;
    if (!meta.ok()) damage({folder + "/meta.json", 0, meta.status().message()});
    bool loader_failed = false;
    const Status read = blocks::read_block(folder, range, loader, damage, &loader_failed);
    if (read.ok()) continue;
    if (loader_failed || source.kind == SourceKind::kBlock) return read;
    damage({folder, 0, read.message() + ": the block is left out"});
  }
  if (source.kind == SourceKind::kBlock) return Status();
  blocks::HeadOptions head;
  head.range = range;
  head.not_before = end_of_blocks(source.blocks);
  return blocks::read_head(source.path, head, loader, damage);
}

}  // namespace narthex::transfer
