// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/replay.hpp"

#include "storage/wal/segment_reader.hpp"

#include <algorithm>
#include <limits>
#include <memory>

namespace narthex::storage::wal {
namespace {

constexpr std::size_t kDamagesKept = 100;
constexpr std::uint64_t kProgressBytes = 256 << 10;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

struct Source {
  SegmentInfo info;
  std::unique_ptr<fs::ReadableFile> file;  // null: cannot be opened
  std::uint64_t size = 0;
  std::uint64_t limit = kNoLimit;
  bool header_good = false;
};

void note(ReplayReport& report, Position at, std::uint64_t bytes) {
  ++report.damage_count;
  if (report.damages.size() < kDamagesKept) report.damages.push_back({at, bytes});
}

Source open_source(fs::FileSystem& files, const std::string& folder, const std::string& name,
                   const SegmentHeader& named) {
  Source source{{named, name}, nullptr};
  auto file = files.open_read(folder + "/" + name);
  if (!file.ok()) return source;
  source.file = *std::move(file);
  const auto size = source.file->size();
  source.size = size.ok() ? *size : 0;
  Bytes bytes(kSegmentHeaderBytes);
  const auto got = source.file->read_at(0, bytes);
  const auto header = got.ok() ? decode_header(ByteView(bytes).first(*got)) : std::nullopt;
  if (header && header->segment == named.segment && header->salt == named.salt) {
    source.info.header = *header;
    source.header_good = true;
  }
  return source;
}

// Each header says where the log before it ends: what stands behind is no part of it.
void set_limits(std::vector<Source>& sources) {
  Position end{kNoLimit, kNoLimit};
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) {
    const std::uint64_t number = source->info.header.segment;
    if (number > end.segment) {
      source->limit = 0;
    } else if (number == end.segment) {
      source->limit = end.offset;
    }
    if (source->limit == 0 || !source->header_good) continue;
    const Position replaces = source->info.header.replaces;
    if (replaces.segment < end.segment) end = replaces;
  }
}

void read_source(Source& source, bool is_last, const ReplaySink& sink, std::uint64_t total,
                 ReplayReport& report) {
  const std::uint64_t number = source.info.header.segment;
  const std::uint64_t before = report.bytes;
  // A header that was being written when the power went is a torn tail.
  const bool torn = is_last && source.size <= kSegmentHeaderBytes;
  report.last_is_short = is_last && source.size < kSegmentHeaderBytes;
  if (!source.header_good && !torn && source.limit > kSegmentHeaderBytes)
    note(report, {number, 0}, kSegmentHeaderBytes);
  SegmentReader reader(*source.file, source.info.header.salt, source.limit,
                       [&](std::uint64_t offset, std::uint64_t bytes) {
                         note(report, {number, offset}, bytes);
                       });
  std::uint8_t type = 0;
  ByteView payload;
  std::uint64_t told = 0;
  while (reader.next(type, payload)) {
    sink.record(number, type, payload);
    ++report.records;
    if (reader.end() - told < kProgressBytes || !sink.progress) continue;
    told = reader.end();
    sink.progress(before + told, total);
  }
  const std::uint64_t expected = source.limit != kNoLimit ? source.limit : source.size;
  if (reader.end() < expected) {
    if (is_last && source.limit == kNoLimit) {
      report.torn_bytes = expected - reader.end();
    } else {
      note(report, {number, reader.end()}, expected - reader.end());
    }
  }
  report.state.end = {number, reader.end()};
}

}  // namespace

fs::Result<ReplayReport> replay(fs::FileSystem& files, const std::string& folder,
                                const ReplaySink& sink) {
  const auto names = files.list(folder);
  if (!names.ok()) return names.status();
  std::vector<Source> sources;
  std::uint64_t total = 0;
  for (const std::string& name : *names) {
    const auto named = parse_segment_name(name);
    if (!named) continue;
    sources.push_back(open_source(files, folder, name, *named));
    total += sources.back().size;
  }
  std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    return a.info.header.segment < b.info.header.segment;
  });
  set_limits(sources);
  ReplayReport report;
  if (sink.progress) sink.progress(0, total);
  for (Source& source : sources) {
    report.state.segments.push_back(source.info);
    if (sink.segment) sink.segment(source.info.header);
    if (source.file == nullptr) {
      ++report.segments_lost;
      report.state.end = {source.info.header.segment, kSegmentHeaderBytes};
    } else if (source.limit != 0) {
      read_source(source, &source == &sources.back(), sink, total, report);
    }
    source.file.reset();
    report.bytes += source.size;
    if (sink.progress) sink.progress(report.bytes, total);
  }
  return report;
}

}  // namespace narthex::storage::wal
