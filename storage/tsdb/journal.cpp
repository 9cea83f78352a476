// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/journal.hpp"

#include "storage/head/series_writer.hpp"
#include "storage/tsdb/status.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>

namespace narthex::storage::tsdb {
namespace {

using wal::RecordType;

constexpr int kTries = 4;
constexpr std::size_t kSamplesPerRecord = std::size_t{1} << 20;
constexpr std::size_t kRecordBytes = std::size_t{16} << 20;
constexpr std::size_t kBytesKept = std::size_t{1} << 20;
constexpr std::uint8_t kKeyIsDue = 255;

wal::SampleState state_of(const head::Series& series) {
  wal::SampleState state;
  static_assert(sizeof state == sizeof series.own->logged);
  std::memcpy(static_cast<void*>(&state), series.own->logged.data(), sizeof state);
  return state;
}

void keep(head::Series& series, const wal::SampleState& state) {
  std::memcpy(series.own->logged.data(), &state, sizeof state);
}

}  // namespace

struct LogJournal::GroupState {
  std::uint32_t epoch = 0;  // in which its slots were defined ...
  std::size_t defined = 0;  // ... so many
  wal::RowState rows;
};

wal::Bytes& LogJournal::new_record(RecordType type) {
  if (used_ == records_.size()) records_.emplace_back();
  records_[used_].first = type;
  wal::Bytes& bytes = records_[used_].second;
  bytes.clear();
  ++used_;
  return bytes;
}

// In the first record, which is kept for it, or in one of its own when that has become large.
void LogJournal::define(const head::Series& series) {
  labels_.clear();
  for (const index::Pair* pair : series.pairs()) labels_.push_back({pair->name, pair->value});
  series_.add(series.id(), labels_);
  if (series_.size_bytes() < kRecordBytes) return;
  definitions_.emplace_back();
  series_.finish(definitions_.back());
}

// Its next float is a key: none was logged with this definition.
void LogJournal::define_once(head::Series& series) {
  wal::SampleState state = state_of(series);
  if (state.tag == samples_.tag()) return;
  define(series);
  state.tag = samples_.tag();
  state.since_key = kKeyIsDue;
  keep(series, state);
}

// Encodes for the segment that the log is at, and again where it has begun another meanwhile. After
// a failure nothing that was encoded may be rested on.
template <class Encode>
Status LogJournal::append(const Encode& encode) {
  fs::Status status;
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t generation = log_.generation();
    if (generation != generation_) ++epoch_;
    generation_ = generation;
    used_ = 0;
    definitions_.clear();
    samples_.begin(stream_, generation);
    encode();
    std::vector<wal::Record> records;
    if (!series_.empty()) {
      definitions_.emplace_back();
      series_.finish(definitions_.back());
    }
    std::uint64_t bytes = 0;
    for (const wal::Bytes& definition : definitions_) {
      records.push_back({static_cast<std::uint8_t>(RecordType::kSeries), definition});
      bytes += definition.size();
    }
    for (std::size_t r = 0; r < used_; ++r) {
      records.push_back({static_cast<std::uint8_t>(records_[r].first), records_[r].second});
      bytes += records_[r].second.size();
    }
    if (records.empty()) return Status();
    status = log_.append(records, {generation, false});
    for (auto& [type, kept] : records_) {
      if (kept.capacity() > kBytesKept) kept = wal::Bytes();
    }
    if (status.ok()) {
      bytes_ += bytes;
      return Status();
    }
    generation_ = 0;
    stream_.invalidate_all();
    if (status.error() != ESTALE) break;
  }
  return to_status(status);
}

Status LogJournal::write(const head::Commit& commit) {
  return append([&] { encode(commit); });
}

void LogJournal::encode(const head::Commit& commit) {
  for (const head::CommitRow& row : commit.rows) put_row(row);
  put_runs(commit.runs);
  put_samples(commit.samples);
  put_rest(commit);
}

void LogJournal::put_row(const head::CommitRow& row) {
  head::RowGroup& group = *row.group;
  if (group.logged == nullptr) group.logged = std::make_shared<GroupState>();
  GroupState& state = *static_cast<GroupState*>(group.logged.get());
  const std::vector<head::Series*>& slots = group.slots();
  if (state.epoch != epoch_) {
    state.epoch = epoch_;
    state.defined = 0;
    state.rows.invalidate();
  }
  if (state.defined < slots.size()) {
    std::vector<std::uint32_t> refs;
    refs.reserve(slots.size());
    for (std::size_t s = 0; s < slots.size(); ++s) {
      if (s >= state.defined) define(*slots[s]);
      refs.push_back(slots[s]->id());
    }
    state.defined = slots.size();
    wal::encode_layout(group.id(), refs, new_record(RecordType::kLayout));
  }
  wal::encode_row(group.id(), row.row->t, {row.row->bits.get(), row.row->width},
                  row.row->present.get(), generation_, state.rows, new_record(RecordType::kRow));
}

void LogJournal::end_samples() {
  if (samples_.empty()) return;
  samples_.finish(new_record(RecordType::kSamples));
  samples_.begin(stream_, generation_);
}

void LogJournal::end(wal::EventEncoder& encoder, RecordType type) {
  if (!encoder.empty()) encoder.finish(new_record(type));
}

void LogJournal::put_runs(std::span<const head::CommitRun> runs) {
  for (const head::CommitRun& run : runs) {
    head::Series& series = *run.series;
    wal::SampleState state = state_of(series);
    if (state.tag != samples_.tag()) define(series);
    samples_.add_run(series.id(), run.t, run.bits, state);
    keep(series, state);
    if (samples_.size() >= kSamplesPerRecord) end_samples();
  }
}

void LogJournal::put_samples(std::span<const head::CommitSample> samples) {
  for (const head::CommitSample& sample : samples) {
    head::Series& series = *sample.series;
    if (sample.histogram != nullptr) {
      define_once(series);
      // What is between is written first: the order of commits is kept.
      end_samples();
      histograms_.add(series.id(), sample.t, sample.histogram->view());
      if (histograms_.size_bytes() > kRecordBytes) end(histograms_, RecordType::kHistograms);
      continue;
    }
    end(histograms_, RecordType::kHistograms);
    wal::SampleState state = state_of(series);
    if (state.tag != samples_.tag()) define(series);
    samples_.add(series.id(), sample.t, sample.bits, state);
    keep(series, state);
    if (samples_.size() == kSamplesPerRecord) end_samples();
  }
  end(histograms_, RecordType::kHistograms);
  end_samples();
}

void LogJournal::put_rest(const head::Commit& commit) {
  wal::StartsEncoder starts;
  for (const head::CommitStart& start : commit.starts) {
    define_once(*start.series);
    starts.add(start.series->id(), start.t, start.start_t);
  }
  end(starts, RecordType::kStarts);
  wal::ExemplarsEncoder exemplars;
  for (const auto& [series, exemplar] : commit.exemplars) {
    define_once(*series);
    std::vector<wal::LabelView> labels;
    for (const auto& [name, value] : exemplar.labels) labels.push_back({name, value});
    exemplars.add({series->id(), exemplar.t, exemplar.has_t,
                   std::bit_cast<std::uint64_t>(exemplar.value), labels});
    if (exemplars.size_bytes() > kRecordBytes) end(exemplars, RecordType::kExemplars);
  }
  end(exemplars, RecordType::kExemplars);
  wal::MetadataEncoder metadata;
  for (const head::FamilyMetadata& meta : commit.metadata) {
    metadata.add({meta.family, meta.type, meta.unit, meta.help});
    if (metadata.size_bytes() > kRecordBytes) end(metadata, RecordType::kMetadata);
  }
  end(metadata, RecordType::kMetadata);
}

Status LogJournal::acknowledge(bool sync) {
  if (!sync && !always_sync_) return Status();
  return to_status(log_.sync());
}

fs::Result<std::uint64_t> LogJournal::rotate() {
  const std::lock_guard writing(core_.writer_mutex);
  fs::Result<std::uint64_t> segment = log_.rotate();
  if (!segment.ok()) return segment;
  bytes_ = 0;
  const std::vector<head::FamilyMetadata> metadata = core_.metadata.all();
  std::vector<std::pair<head::Series*, head::Exemplar>> exemplars;
  const index::EpochHold hold(core_.epochs);
  for (auto& [id, exemplar] : core_.exemplars.all()) {
    head::Series* series = core_.index.series(id);
    if (series == nullptr) continue;
    const std::lock_guard lock(core_.commit_mutex);
    head::SeriesWriter(core_).own(*series);
    exemplars.emplace_back(series, std::move(exemplar));
  }
  head::Commit commit;
  commit.metadata = metadata;
  commit.exemplars = exemplars;
  // Neither is worth putting the flush off.
  if (!commit.empty()) (void)write(commit);
  bytes_ = 0;
  return segment;
}

Status LogJournal::erase(const std::vector<std::uint32_t>& ids, std::int64_t min_t,
                         std::int64_t max_t) {
  const Status written = append_deletion(ids, min_t, max_t);
  // What was deleted stays so as surely as what was written.
  return written.ok() ? acknowledge(false) : written;
}

Status LogJournal::append_deletion(const std::vector<std::uint32_t>& ids, std::int64_t min_t,
                                   std::int64_t max_t) {
  const std::lock_guard writing(core_.writer_mutex);
  return append([&] {
    for (const std::uint32_t id : ids) {
      const head::Series* series = core_.index.series(id);
      if (series != nullptr) define(*series);
    }
    for (std::size_t first = 0; first < ids.size(); first += wal::kRefsMax) {
      const std::size_t count = std::min(wal::kRefsMax, ids.size() - first);
      wal::encode_delete(std::span(ids).subspan(first, count), min_t, max_t,
                         new_record(RecordType::kDelete));
    }
  });
}

}  // namespace narthex::storage::tsdb
