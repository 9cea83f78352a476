// SPDX-License-Identifier: Apache-2.0
#include "storage/head/txn.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::storage::head {
namespace {

constexpr std::uint32_t kRetryAfterMs = 5'000;
constexpr std::size_t kSpareMax = 4;
constexpr std::size_t kSpareSamplesMax = 1 << 15;

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

bool is_present(const nx_sample_batch& batch, std::uint64_t row) {
  return batch.present == nullptr || ((batch.present[row / 64] >> row % 64) & 1) != 0;
}

std::int64_t time_at(const nx_sample_batch& batch, std::uint64_t row) {
  return (batch.flags & NX_BATCH_ONE_T) != 0 ? batch.t[0] : batch.t[row];
}

void count(nx_append_result& result, std::uint64_t row, std::uint8_t code) {
  ++result.by_code[code];
  ++(code == NX_ROW_OK ? result.accepted : result.refused);
  if (result.row_code != nullptr) result.row_code[row] = code;
}

void clear(nx_append_result& result) {
  result.retry_after_ms = 0;
  result.accepted = result.refused = result.series_created = 0;
  result.exemplars_accepted = result.exemplars_refused = 0;
  std::fill(std::begin(result.by_code), std::end(result.by_code), 0);
}

bool is_valid_histogram(const nx_sample_batch& batch, std::uint32_t h) {
  return h < batch.hist_count && histogram_problem(batch.hists[h]) == nullptr;
}

// Whether every row there is a float at one time, without start times: a row of a group.
bool is_plain_row(const nx_sample_batch& batch) {
  if ((batch.flags & NX_BATCH_ONE_T) == 0 || batch.st != nullptr || batch.v == nullptr)
    return false;
  return batch.h == nullptr ||
         std::all_of(batch.h, batch.h + batch.rows, [](std::uint32_t h) { return h == NX_NONE; });
}

// The row of a group that holds the batch: values moved to their slots.
Row make_row(const nx_sample_batch& batch, const Layout& layout) {
  Row row;
  row.t = batch.t[0];
  row.width = layout.width;
  row.bits = std::make_unique_for_overwrite<std::uint64_t[]>(layout.width);
  const bool whole = layout.in_order() && layout.width == batch.rows;
  if (whole) {
    std::memcpy(row.bits.get(), batch.v, batch.rows * sizeof(double));
  } else {
    for (std::uint64_t r = 0; r < batch.rows; ++r) row.bits[layout.slot(r)] = bits_of(batch.v[r]);
  }
  if (whole && batch.present == nullptr) return row;
  row.present = std::make_unique<std::uint64_t[]>((layout.width + 63) / 64);
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    const std::uint32_t slot = layout.slot(r);
    if (is_present(batch, r)) row.present[slot / 64] |= std::uint64_t{1} << slot % 64;
  }
  return row;
}

}  // namespace

Txn::Txn(Core& core, std::uint64_t cohort, Trust trust)
    : core_(core), epoch_(core.epochs.enter()), cohort_(cohort), trust_(trust) {
  if (spare().empty()) return;
  Columns& columns = spare().back();
  samples_.swap(columns.samples);
  runs_.swap(columns.runs);
  run_t_.swap(columns.run_t);
  run_bits_.swap(columns.run_bits);
  gathered_.swap(columns.gathered);
  resolved_.swap(columns.resolved);
  spare().pop_back();
}

std::vector<Txn::Columns>& Txn::spare() {
  thread_local std::vector<Columns> columns;
  return columns;
}

Txn::~Txn() {
  core_.epochs.leave(epoch_);
  core_.epochs.collect_much();
  if (spare().size() == kSpareMax || samples_.capacity() > kSpareSamplesMax ||
      run_t_.capacity() > kSpareSamplesMax) {
    return;
  }
  samples_.clear();
  runs_.clear();
  run_t_.clear();
  run_bits_.clear();
  gathered_.clear();
  resolved_.clear();
  spare().push_back({std::move(samples_), std::move(runs_), std::move(run_t_), std::move(run_bits_),
                     std::move(gathered_), std::move(resolved_)});
}

TimeBounds Txn::bounds() const {
  if (trust_ == Trust::kLogged) return {INT64_MIN + 1, INT64_MAX};
  return TimeBounds::at(core_.now_ms(), core_.max_age_ms);
}

nx_status Txn::resolve(const nx_series_table& table, std::uint64_t* refs, std::uint8_t* codes) {
  const bool may_create = !over_limit(core_) || core_.make_room();
  core_.index.resolve(table, may_create, resolved_);
  const std::int64_t now = core_.now_ms();
  bool all = true;
  for (std::size_t i = 0; i < resolved_.size(); ++i) {
    const index::LabelIndex::Resolved& r = resolved_[i];
    refs[i] = r.identity != nullptr ? std::uint64_t{r.identity->id()} + 1 : 0;
    if (codes != nullptr) codes[i] = r.code;
    all = all && r.identity != nullptr;
    if (!r.created) continue;
    SeriesIndex::of(r.identity)->touch(now);
    ++created_;
  }
  return all ? NX_OK : NX_PARTIAL;
}

std::uint64_t Txn::layout(std::span<const std::uint64_t> refs) {
  std::vector<Series*> series;
  series.reserve(refs.size());
  for (const std::uint64_t ref : refs) {
    series.push_back(core_.index.series_by_ref(ref));
    if (series.back() == nullptr) {
      throw sdk::Error(NX_ERR_NOT_FOUND, "layout: a reference names no series, resolve again");
    }
  }
  std::vector<Series*> unique(series);
  std::sort(unique.begin(), unique.end());
  if (std::adjacent_find(unique.begin(), unique.end()) != unique.end()) {
    throw sdk::Error(NX_ERR_INVALID_ARGUMENT, "layout: a series stands in it twice");
  }
  const std::lock_guard lock(core_.commit_mutex);
  if (!core_.cohorts.known(cohort_)) {
    throw sdk::Error(NX_ERR_PRECONDITION, "layout: the cohort is closed");
  }
  return core_.cohorts.make_layout(cohort_, series, [](const Series& s) { return newest_of(s).t; })
      ->id;
}

nx_status Txn::append(const nx_sample_batch& batch, nx_append_result& result) {
  clear(result);
  if (over_limit(core_) && !core_.make_room()) {
    result.retry_after_ms = kRetryAfterMs;
    throw sdk::Error(NX_ERR_EXHAUSTED, "the memory limit is reached and nothing can be dropped",
                     kRetryAfterMs);
  }
  std::shared_ptr<const Layout> layout;
  if (batch.layout != 0) {
    const std::lock_guard lock(core_.commit_mutex);
    layout = core_.cohorts.find_layout(batch.layout);
  }
  if (batch.v == nullptr && batch.h == nullptr) {
    // The rows carry exemplars only.
  } else if (batch.layout != 0 && (layout == nullptr || layout->ids.size() != batch.rows)) {
    for (std::uint64_t r = 0; r < batch.rows; ++r) {
      if (is_present(batch, r)) count(result, r, NX_ROW_UNKNOWN_REF);
    }
  } else if (!append_as_row(batch, layout, result) && !append_as_runs(batch, result)) {
    append_singly(batch, layout.get(), result);
  }
  if (batch.exemplar_count != 0 && (batch.flags & NX_BATCH_NO_EXEMPLARS) == 0) {
    append_exemplars(batch, result);
  }
  if (batch.meta_count != 0) append_metadata(batch);
  return result.refused == 0 ? NX_OK : NX_PARTIAL;
}

bool Txn::append_as_row(const nx_sample_batch& batch, const std::shared_ptr<const Layout>& layout,
                        nx_append_result& result) {
  if (layout == nullptr || layout->group == nullptr || !is_plain_row(batch)) return false;
  const TimeBounds bounds = this->bounds();
  if (bounds.code(batch.t[0]) != NX_ROW_OK) return false;
  {
    const std::lock_guard lock(core_.commit_mutex);
    if (!layout->live || !layout->group->takes_rows_at(batch.t[0])) return false;
  }
  // A second row for the same time within this transaction goes the careful way.
  for (const PendingRow& before : rows_) {
    if (before.layout->group == layout->group && before.row.t >= batch.t[0]) return false;
  }
  rows_.push_back({layout, make_row(batch, *layout)});
  if (batch.present == nullptr) {
    result.accepted = result.by_code[NX_ROW_OK] = batch.rows;
    if (result.row_code != nullptr) std::memset(result.row_code, NX_ROW_OK, batch.rows);
    return true;
  }
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    if (result.row_code != nullptr) result.row_code[r] = NX_ROW_OK;
    if (is_present(batch, r)) count(result, r, NX_ROW_OK);
  }
  return true;
}

Series* Txn::series_at(const nx_sample_batch& batch, const Layout* layout,
                       std::uint64_t row) const {
  if (layout != nullptr) return core_.index.series(layout->ids[row]);
  if (batch.ref != nullptr && batch.ref[row] != 0) return core_.index.series_by_ref(batch.ref[row]);
  return nullptr;
}

void Txn::append_singly(const nx_sample_batch& batch, const Layout* layout,
                        nx_append_result& result) {
  const std::size_t first = samples_.size();
  gather(batch, layout, result);
  const std::int64_t now = core_.now_ms();
  const std::lock_guard lock(core_.commit_mutex);
  SeriesWriter writer = this->writer();
  checked_at_ = std::min(checked_at_, core_.sequence);
  std::size_t kept = first;
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = first; i < samples_.size(); ++i) {
    if (i + kAhead < samples_.size()) __builtin_prefetch(samples_[i + kAhead].series->own.get());
    const Pending& p = samples_[i];
    const Histogram* histogram = p.histogram != NX_NONE ? histograms_[p.histogram].get() : nullptr;
    const std::uint8_t code = writer.check(*p.series, {p.t, p.bits, histogram}, p.refuse_late != 0);
    count(result, gathered_[i - first], code);
    // A series that is still empty must outlive the wait for the commit.
    if (p.series->last_t() == kNoTime) p.series->touch(now);
    if (code != NX_ROW_OK) continue;
    writer.own(*p.series);
    samples_[kept++] = p;
  }
  samples_.resize(kept);
}

// Appends the rows that can be taken by themselves to samples_, and their numbers to gathered_;
// counts the others.
void Txn::gather(const nx_sample_batch& batch, const Layout* layout, nx_append_result& result) {
  const TimeBounds bounds = this->bounds();
  const std::uint32_t refuse_late = (batch.flags & NX_BATCH_REJECT_OOO) != 0 ? 1 : 0;
  samples_.reserve(samples_.size() + batch.rows);
  gathered_.clear();
  gathered_.reserve(batch.rows);
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    if (!is_present(batch, r)) {
      if (result.row_code != nullptr) result.row_code[r] = NX_ROW_OK;
      continue;
    }
    Series* series = series_at(batch, layout, r);
    const std::int64_t t = time_at(batch, r);
    const std::uint32_t h = batch.h != nullptr ? batch.h[r] : NX_NONE;
    std::uint8_t code = series == nullptr ? std::uint8_t{NX_ROW_UNKNOWN_REF} : bounds.code(t);
    if (code == NX_ROW_OK && h != NX_NONE && !is_valid_histogram(batch, h)) {
      code = NX_ROW_BAD_HISTOGRAM;
    }
    if (code != NX_ROW_OK) {
      count(result, r, code);
      continue;
    }
    __builtin_prefetch(series);
    std::uint32_t histogram = NX_NONE;
    if (h != NX_NONE) {
      histogram = static_cast<std::uint32_t>(histograms_.size());
      histograms_.emplace_back(Histogram::make(batch.hists[h]));
    }
    const std::uint64_t bits = batch.v != nullptr ? bits_of(batch.v[r]) : 0;
    samples_.push_back({series, t, bits, histogram, refuse_late});
    gathered_.push_back(static_cast<std::uint32_t>(r));
    if (batch.st != nullptr && batch.st[r] != 0) starts_.push_back({series, t, batch.st[r]});
  }
}

void Txn::append_exemplars(const nx_sample_batch& batch, nx_append_result& result) {
  std::shared_ptr<const Layout> layout;
  if (batch.layout != 0) {
    const std::lock_guard lock(core_.commit_mutex);
    layout = core_.cohorts.find_layout(batch.layout);
    if (layout == nullptr) return;
  }
  for (const nx_exemplar& given : std::span(batch.exemplars, batch.exemplar_count)) {
    Series* series = given.row < batch.rows ? series_at(batch, layout.get(), given.row) : nullptr;
    if (series == nullptr) {
      ++result.exemplars_refused;
      continue;
    }
    Exemplar exemplar = copy_exemplar(given, batch.t != nullptr ? time_at(batch, given.row) : 0);
    const Exemplars::Verdict verdict = core_.exemplars.check(*series, exemplar);
    if (verdict == Exemplars::Verdict::kRefused) {
      ++result.exemplars_refused;
      ++result.by_code[NX_ROW_EXEMPLAR_REFUSED];
      if (result.row_code != nullptr && result.row_code[given.row] == NX_ROW_OK) {
        result.row_code[given.row] = NX_ROW_EXEMPLAR_REFUSED;
      }
      continue;
    }
    ++result.exemplars_accepted;
    exemplars_.emplace_back(series, std::move(exemplar));
  }
}

// Metadata describes families and is no part of the transaction: it is kept at once.
void Txn::append_metadata(const nx_sample_batch& batch) {
  for (const nx_metadata& meta : std::span(batch.meta, batch.meta_count)) {
    std::string_view family = view(meta.family);
    const Series* series = meta.ref != 0 ? core_.index.series_by_ref(meta.ref) : nullptr;
    if (family.empty() && series != nullptr) {
      for (const index::Pair* pair : series->pairs()) {
        if (pair->name == "__name__") family = pair->value;
      }
    }
    if (core_.metadata.put(family, meta.type, view(meta.unit), view(meta.help)) &&
        core_.journal != nullptr) {
      metadata_.push_back({std::string(family), meta.type, std::string(view(meta.unit)),
                           std::string(view(meta.help))});
    }
  }
}

nx_status Txn::commit(nx_append_result& result) {
  clear(result);
  {
    const std::lock_guard writing(core_.writer_mutex);
    if (core_.journal != nullptr) log(result);
    const std::lock_guard lock(core_.commit_mutex);
    ++core_.sequence;
    ++core_.figures.commits;
    SeriesWriter writer = this->writer();
    for (PendingRow& pending : rows_) commit_row(pending, writer, result);
    commit_runs(writer, result);
    commit_samples(writer, result);
    for (const CommitStart& start : starts_)
      writer.set_start(*start.series, start.t, start.start_t);
    for (int code = 1; code < NX_ROW_CODE_COUNT; ++code) {
      core_.figures.refused[code] += result.by_code[code];
    }
  }
  for (auto& [series, exemplar] : exemplars_) {
    const Exemplars::Verdict verdict = core_.exemplars.add(*series, std::move(exemplar));
    ++(verdict == Exemplars::Verdict::kRefused ? result.exemplars_refused
                                               : result.exemplars_accepted);
  }
  result.series_created = created_;
  if (core_.journal != nullptr) {
    const Status durable = core_.journal->acknowledge(trust_ == Trust::kSynced);
    if (!durable.ok()) throw sdk::Error(durable);
  }
  return result.refused == 0 ? NX_OK : NX_PARTIAL;
}

// Tells the journal what is about to be stored, and nothing else.
void Txn::log(nx_append_result& result) {
  {
    const std::lock_guard lock(core_.commit_mutex);
    spread_rows();
    if (checked_at_ < core_.sequence) spread_runs();
    if (checked_at_ < core_.sequence) check_again(result);
    SeriesWriter writer = this->writer();
    for (const CommitStart& start : starts_) writer.own(*start.series);
    for (const auto& [series, exemplar] : exemplars_) writer.own(*series);
  }
  // Kept by the thread, so that a commit of the usual size allocates nothing.
  thread_local std::vector<CommitRow> rows;
  thread_local std::vector<CommitSample> samples;
  thread_local std::vector<CommitRun> runs;
  rows.clear();
  runs.clear();
  for (const PendingRun& run : runs_) {
    runs.push_back({run.series, std::span(run_t_).subspan(run.first, run.count),
                    std::span(run_bits_).subspan(run.first, run.count)});
  }
  samples.clear();
  for (const PendingRow& pending : rows_) rows.push_back({pending.layout->group, &pending.row});
  samples.reserve(samples_.size());
  for (const Pending& p : samples_) {
    samples.push_back(
        {p.series, p.t, p.bits, p.histogram != NX_NONE ? histograms_[p.histogram].get() : nullptr});
  }
  const Commit commit{rows, runs, samples, starts_, exemplars_, metadata_};
  if (commit.empty()) return;
  const Status logged = core_.journal->write(commit);
  if (!logged.ok()) throw sdk::Error(logged);
}

// Rows that something newer has overtaken become samples of their series.
void Txn::spread_rows() {
  std::erase_if(rows_, [&](const PendingRow& pending) {
    const Layout& layout = *pending.layout;
    if (layout.live && layout.group->takes_rows_at(pending.row.t)) return false;
    for (std::size_t r = 0; r < layout.ids.size(); ++r) {
      if (!pending.row.has(layout.slot(r))) continue;
      Series* series = core_.index.series(layout.ids[r]);
      if (series == nullptr) continue;
      SeriesWriter(core_).own(*series);
      samples_.push_back({series, pending.row.t, pending.row.bits[layout.slot(r)], NX_NONE, 0});
      checked_at_ = 0;
    }
    return true;
  });
}

// Other commits have been stored since the samples were checked.
void Txn::check_again(nx_append_result& result) {
  const SeriesWriter writer = this->writer();
  std::size_t kept = 0;
  result.row_code = nullptr;
  for (const Pending& p : samples_) {
    const Histogram* histogram = p.histogram != NX_NONE ? histograms_[p.histogram].get() : nullptr;
    const std::uint8_t code = writer.check(*p.series, {p.t, p.bits, histogram}, p.refuse_late != 0);
    if (code == NX_ROW_OK) {
      samples_[kept++] = p;
    } else {
      count(result, 0, code);
    }
  }
  samples_.resize(kept);
}

void Txn::commit_row(PendingRow& pending, SeriesWriter& writer, nx_append_result& result) {
  const Layout& layout = *pending.layout;
  if (layout.live && layout.group->takes_rows_at(pending.row.t)) {
    std::uint64_t samples = pending.row.width;
    if (pending.row.present != nullptr) {
      samples = 0;
      for (std::uint32_t w = 0; w * 64 < pending.row.width; ++w) {
        samples += static_cast<std::uint64_t>(std::popcount(pending.row.present[w]));
      }
    }
    const std::int64_t t = pending.row.t;
    pending.row.sequence = core_.sequence;
    core_.data_bytes += layout.group->append(std::move(pending.row), core_.epochs,
                                             core_.oldest_reader() < core_.sequence);
    core_.figures.samples_appended += samples;
    core_.min_t = std::min(core_.min_t, t);
    core_.max_t = std::max(core_.max_t, t);
    result.accepted += samples;
    result.by_code[NX_ROW_OK] += samples;
    return;
  }
  // Something newer has come meanwhile: each series is asked.
  result.row_code = nullptr;
  for (std::size_t r = 0; r < layout.ids.size(); ++r) {
    if (!pending.row.has(layout.slot(r))) continue;
    Series* series = core_.index.series(layout.ids[r]);
    const NewSample sample{pending.row.t, pending.row.bits[layout.slot(r)], nullptr};
    count(result, r,
          series != nullptr ? writer.write(*series, sample, false)
                            : std::uint8_t{NX_ROW_UNKNOWN_REF});
  }
}

void Txn::commit_samples(SeriesWriter& writer, nx_append_result& result) {
  // Series, what they own and their open samples are spread over memory: all are fetched ahead.
  constexpr std::size_t kAhead = 6;
  result.row_code = nullptr;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    if (i + 3 * kAhead < samples_.size()) __builtin_prefetch(samples_[i + 3 * kAhead].series);
    if (i + 2 * kAhead < samples_.size()) {
      __builtin_prefetch(samples_[i + 2 * kAhead].series->own.get(), 1);
    }
    if (i + kAhead < samples_.size()) {
      const OwnSamples* soon = samples_[i + kAhead].series->own.get();
      if (soon != nullptr) __builtin_prefetch(soon->open.get() + soon->open_count, 1);
    }
    const Pending& p = samples_[i];
    const Histogram* histogram = p.histogram != NX_NONE ? histograms_[p.histogram].get() : nullptr;
    count(result, i, writer.write(*p.series, {p.t, p.bits, histogram}, p.refuse_late != 0));
  }
}

}  // namespace narthex::storage::head
