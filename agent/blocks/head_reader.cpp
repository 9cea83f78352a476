// SPDX-License-Identifier: Apache-2.0
#include "blocks/head_reader.hpp"

#include "blocks/chunk.hpp"
#include "blocks/chunk_files.hpp"
#include "blocks/mapped_file.hpp"
#include "blocks/tombstones.hpp"
#include "blocks/wal_reader.hpp"
#include "blocks/wal_records.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <unordered_map>

namespace narthex::blocks {

namespace {

constexpr std::string_view kCheckpoint = "checkpoint.";
constexpr std::uint32_t kAllRecords = ~0u;
constexpr std::uint32_t kIdentity =
    record_bit(RecordKind::kSeries) | record_bit(RecordKind::kTombstones);
constexpr std::uint32_t kContents = kAllRecords & ~kIdentity;
constexpr std::uint32_t kMetadataOnly = record_bit(RecordKind::kMetadata);

std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0;
  const std::size_t digits = name.find_last_of("/.") + 1;
  std::from_chars(name.data() + digits, name.data() + name.size(), number);
  return number;
}

// The newest checkpoint, or empty.
std::string newest_checkpoint(const std::string& wal) {
  std::string newest;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(wal, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(kCheckpoint) || name.ends_with(".tmp")) continue;
    if (newest.empty() || number_of(name) > number_of(newest)) newest = name;
  }
  return newest.empty() ? newest : wal + "/" + newest;
}

// The segments to be read, oldest first: the checkpoint's, then those it does not cover.
std::vector<std::string> wal_segments(const std::string& wal) {
  const std::string checkpoint = newest_checkpoint(wal);
  std::vector<std::string> all;
  if (!checkpoint.empty()) all = numbered_files(checkpoint);
  for (std::string& path : numbered_files(wal)) {
    if (checkpoint.empty() || number_of(path) > number_of(checkpoint)) all.push_back(path);
  }
  return all;
}

// What is known about a series of the head.
struct HeadSeries {
  std::uint64_t number = SampleSink::kUnwanted;  // the sink's
  std::int64_t in_chunks_until = INT64_MIN;      // chunks_head/ has its samples up to here
};

class HeadWalk final : public RecordVisitor {
 public:
  HeadWalk(const HeadOptions& options, SampleSink& sink, const DamageSink& damage)
      : options_(options), sink_(sink), damage_(damage) {}

  Status read_log(const std::vector<std::string>& segments, std::uint32_t wanted, bool late) {
    wanted_ = wanted;
    late_ = late;
    for (const std::string& path : segments) {
      if (!status_.ok()) break;
      read_segment(path);
    }
    return status_;
  }

  Status read_chunks(const std::string& folder) {
    for (const std::string& path : numbered_files(folder)) {
      if (!status_.ok()) break;
      const Result<MappedFile> file = MappedFile::open(path);
      if (!file.ok()) {
        damage_({path, 0, file.status().message()});
        continue;
      }
      read_head_chunks(file->bytes(), path, damage_,
                       [&](const HeadChunk& chunk) { use_chunk(chunk, path); });
      sink_.progress(file->bytes().size());
    }
    return status_;
  }

  Status finish(const std::string& folder) {
    if (status_.ok()) flush();
    if (nameless_ > 0) {
      damage_({folder, 0,
               std::to_string(nameless_) + " samples belong to series whose record is lost"});
    }
    return status_.ok() ? sink_.release() : status_;
  }

  void series(std::uint64_t ref, std::span<const nx_label> labels) override {
    // The same series again is the same number: the sink knows it by its labels.
    series_[ref].number = sink_.series(labels);
  }
  void tombstone(std::uint64_t ref, std::int64_t min_t, std::int64_t max_t) override {
    tombstones_.add(ref, {min_t, max_t});
  }
  void sample(std::uint64_t ref, std::int64_t t, double value) override {
    if (!takes(ref, t)) return;
    pending_.add(t, value);
  }
  void histogram(std::uint64_t ref, std::int64_t t, const nx_histogram& histogram) override {
    if (!takes(ref, t)) return;
    // Resets are found by looking at the values: what the writer compared with may be gone.
    nx_histogram unsure = histogram;
    if (unsure.reset_hint != NX_RESET_GAUGE) unsure.reset_hint = NX_RESET_UNKNOWN;
    pending_.add_copy(t, unsure);
  }
  void exemplar(std::uint64_t ref, const nx_exemplar& exemplar) override {
    const auto at = series_.find(ref);
    if (at == series_.end() || at->second.number == SampleSink::kUnwanted) return;
    if (status_.ok()) flush();
    if (status_.ok()) status_ = sink_.exemplar(at->second.number, exemplar);
  }
  void metadata(std::uint64_t ref, std::uint32_t type, std::string_view unit,
                std::string_view help) override {
    const auto at = series_.find(ref);
    if (at == series_.end() || at->second.number == SampleSink::kUnwanted) return;
    if (status_.ok()) status_ = sink_.metadata(at->second.number, {type, unit, help});
  }

 private:
  void read_segment(const std::string& path) {
    const Result<MappedFile> file = MappedFile::open(path);
    if (!file.ok()) return damage_({path, 0, file.status().message()});
    // The first pass has told all damage of the log already.
    const bool again = wanted_ != kIdentity && !late_;
    WalSegmentReader reader(file->bytes(), path,
                            again ? DamageSink([](const Damage&) {}) : damage_);
    while (status_.ok() && reader.next()) {
      const Status read = visit_record(reader.record(), wanted_, *this);
      if (!read.ok() && (read.code() != NX_ERR_UNSUPPORTED || !again)) {
        damage_({path, reader.offset(), read.message() + ": left out"});
      }
    }
    if (again || late_) sink_.progress(file->bytes().size());
  }

  // Whether a row is wanted; it goes to pending_ then, which has rows of one series.
  bool takes(std::uint64_t ref, std::int64_t t) {
    if (!status_.ok()) return false;
    const auto at = series_.find(ref);
    if (at == series_.end()) return ++nameless_, false;
    const HeadSeries& series = at->second;
    if (series.number == SampleSink::kUnwanted || !options_.range.contains(t)) return false;
    if (!late_ && (t < options_.not_before || t <= series.in_chunks_until)) return false;
    if (tombstones_.covers(ref, t)) return false;
    if (series.number != pending_series_) {
      flush();
      pending_series_ = series.number;
    }
    return status_.ok();
  }

  void flush() {
    if (pending_.size() > 0) status_ = sink_.samples(pending_series_, pending_.view());
    pending_.clear();
  }

  void use_chunk(const HeadChunk& chunk, const std::string& path) {
    const auto at = series_.find(chunk.series_ref);
    if (!status_.ok()) return;
    if (at == series_.end()) {
      ++nameless_;
      return;
    }
    HeadSeries& series = at->second;
    if (series.number == SampleSink::kUnwanted) return;
    chunk_.clear();
    const Status decoded = decode_chunk(chunk.chunk.encoding, chunk.chunk.data, chunk_);
    if (!decoded.ok()) {
      return damage_({path, 0, decoded.message() + ": the log is read instead"});
    }
    late_ = chunk.out_of_order;
    const SampleView view = chunk_.view();
    const std::int64_t until = series.in_chunks_until;
    series.in_chunks_until = INT64_MIN;  // the chunks themselves are not held back
    for (std::size_t i = 0; i < view.size(); ++i) {
      if (!view.h.empty() && view.h[i] != NX_NONE) {
        histogram(chunk.series_ref, view.t[i], view.hists[view.h[i]]);
      } else {
        sample(chunk.series_ref, view.t[i], view.v[i]);
      }
    }
    if (status_.ok()) flush();
    series.in_chunks_until = late_ ? until : std::max(until, chunk.max_t);
  }

  const HeadOptions& options_;
  SampleSink& sink_;
  const DamageSink& damage_;
  std::unordered_map<std::uint64_t, HeadSeries> series_;
  Tombstones tombstones_;
  std::uint32_t wanted_ = 0;
  bool late_ = false;  // rows of wbl/ and of late chunks are read
  std::uint64_t nameless_ = 0;
  Samples pending_, chunk_;
  std::uint64_t pending_series_ = SampleSink::kUnwanted;
  Status status_;
};

}  // namespace

Status read_head(const std::string& folder, const HeadOptions& options, SampleSink& sink,
                 const DamageSink& damage) {
  const std::vector<std::string> wal = wal_segments(folder + "/wal");
  const std::vector<std::string> wbl = numbered_files(folder + "/wbl");
  HeadWalk walk(options, sink, damage);
  Status status = walk.read_log(wal, kIdentity, false);
  if (status.ok()) status = walk.read_chunks(folder + "/chunks_head");
  if (status.ok()) status = walk.read_log(wal, kContents, false);
  if (status.ok()) status = walk.read_log(wbl, kContents & ~kMetadataOnly, true);
  const Status finished = walk.finish(folder);
  return status.ok() ? finished : status;
}

std::uint64_t head_bytes(const std::string& folder) {
  std::uint64_t sum = 0;
  for (const auto& paths : {wal_segments(folder + "/wal"), numbered_files(folder + "/wbl"),
                            numbered_files(folder + "/chunks_head")}) {
    for (const std::string& path : paths) {
      std::error_code failed;
      const std::uint64_t size = std::filesystem::file_size(path, failed);
      if (!failed) sum += size;
    }
  }
  return sum;
}

}  // namespace narthex::blocks
