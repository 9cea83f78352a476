// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/journal.hpp"

#include "storage/tsdb/status.hpp"

#include <algorithm>
#include <bit>
#include <mutex>

namespace narthex::storage::tsdb {
namespace {

constexpr int kTries = 4;
constexpr std::size_t kSamplesPerRecord = std::size_t{1} << 20;
constexpr std::size_t kBytesKept = std::size_t{1} << 20;

wal::SampleState state_of(const head::Series& series) {
  return std::bit_cast<wal::SampleState>(series.logged);
}

}  // namespace

wal::Bytes& LogJournal::new_record(wal::RecordType type) {
  if (used_ == records_.size()) records_.emplace_back();
  records_[used_].first = type;
  wal::Bytes& bytes = records_[used_].second;
  bytes.clear();
  ++used_;
  return bytes;
}

// The first record is kept for the series that the others name.
void LogJournal::begin_records() {
  used_ = 0;
  (void)new_record(wal::kSeriesRecord);
  series_.begin(generation_);
}

void LogJournal::define(const head::Series& series) {
  labels_.clear();
  for (const index::Pair* pair : series.pairs()) labels_.push_back({pair->name, pair->value});
  series_.add(series.id, labels_);
}

// Its next float is a key: none was logged with this definition.
void LogJournal::define_once(head::Series& series) {
  wal::SampleState state = state_of(series);
  if (state.epoch == samples_.epoch()) return;
  define(series);
  state.epoch = samples_.epoch();
  state.since_key = wal::kKeyIsDue;
  series.logged = std::bit_cast<std::array<std::uint64_t, 2>>(state);
}

// Encodes for the segment that the log is at, and again where it has begun another meanwhile. After
// a failure nothing that was encoded may be rested on.
template <class Encode>
Status LogJournal::append(const Encode& encode) {
  fs::Status status;
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t generation = log_.generation();
    if (generation != generation_) {
      generation_ = generation;
      samples_.restart(generation);
    }
    begin_records();
    encode();
    if (!series_.empty()) series_.finish(records_[0].second);
    std::vector<wal::Record> records;
    std::uint64_t bytes = 0;
    for (std::size_t r = series_.empty() ? 1 : 0; r < used_; ++r) {
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
    if (status.error() != ESTALE) break;
  }
  return to_status(status);
}

Status LogJournal::write(const head::Commit& commit) {
  return append([&] { encode(commit); });
}

void LogJournal::encode(const head::Commit& commit) {
  for (const head::CommitRow& row : commit.rows) put_row(row);
  put_samples(commit.samples);
  put_rest(commit);
}

void LogJournal::put_row(const head::CommitRow& row) {
  head::RowGroup& group = *row.group;
  if (group.logged == nullptr) group.logged = std::make_shared<GroupState>();
  GroupState& state = *static_cast<GroupState*>(group.logged.get());
  const std::vector<head::Series*>& slots = group.slots();
  if (state.epoch != samples_.epoch()) {
    state.epoch = samples_.epoch();
    state.defined = 0;
    state.rows.generation = 0;
  }
  if (state.defined < slots.size()) {
    std::vector<std::uint32_t> refs;
    refs.reserve(slots.size());
    for (std::size_t s = 0; s < slots.size(); ++s) {
      if (s >= state.defined) define(*slots[s]);
      refs.push_back(slots[s]->id);
    }
    state.defined = slots.size();
    wal::put_layout(generation_, group.id(), refs, new_record(wal::kLayoutRecord));
  }
  wal::put_row(generation_, group.id(), row.row->t, {row.row->bits.get(), row.row->width},
               row.row->present.get(), state.rows, new_record(wal::kRowRecord));
}

void LogJournal::put_samples(std::span<const head::CommitSample> samples) {
  samples_.begin();
  for (const head::CommitSample& sample : samples) {
    head::Series& series = *sample.series;
    wal::SampleState state = state_of(series);
    if (sample.histogram != nullptr) {
      define_once(series);
      // What is between is written first: the order of commits is kept.
      if (samples_.count() != 0) {
        samples_.finish(new_record(wal::kSamplesRecord));
        samples_.begin();
      }
      // A valid histogram of one row always can be encoded.
      (void)wal::put_histogram(generation_, series.id, sample.t, sample.histogram->view(), scratch_,
                               new_record(wal::kHistogramsRecord));
      continue;
    }
    if (state.epoch != samples_.epoch()) define(series);
    samples_.add(series.id, sample.t, sample.bits, state);
    series.logged = std::bit_cast<std::array<std::uint64_t, 2>>(state);
    if (samples_.count() == kSamplesPerRecord) {
      samples_.finish(new_record(wal::kSamplesRecord));
      samples_.begin();
    }
  }
  if (samples_.count() != 0) samples_.finish(new_record(wal::kSamplesRecord));
}

void LogJournal::put_rest(const head::Commit& commit) {
  if (!commit.starts.empty()) {
    std::vector<wal::LoggedStart> starts;
    for (const head::CommitStart& start : commit.starts) {
      define_once(*start.series);
      starts.push_back({start.series->id, start.t, start.start_t});
    }
    wal::put_starts(generation_, starts, new_record(wal::kStartsRecord));
  }
  for (const auto& [series, exemplar] : commit.exemplars) {
    define_once(*series);
    std::vector<wal::LabelView> labels;
    for (const auto& [name, value] : exemplar.labels) labels.push_back({name, value});
    wal::put_exemplar(generation_, series->id, {exemplar.t, exemplar.has_t, exemplar.value, labels},
                      new_record(wal::kExemplarsRecord));
  }
  for (const head::FamilyMetadata& meta : commit.metadata) {
    wal::put_metadata({meta.family, meta.type, meta.unit, meta.help},
                      new_record(wal::kMetadataRecord));
  }
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
    if (series != nullptr) exemplars.emplace_back(series, std::move(exemplar));
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
  const std::lock_guard writing(core_.writer_mutex);
  return append([&] {
    for (const std::uint32_t id : ids) {
      const head::Series* series = core_.index.series(id);
      if (series != nullptr) define(*series);
    }
    wal::put_delete(generation_, ids, min_t, max_t, new_record(wal::kDeleteRecord));
  });
}

}  // namespace narthex::storage::tsdb
