// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/recovery.hpp"

#include "storage/head/deletion.hpp"
#include "storage/head/series_writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <functional>
#include <mutex>
#include <numeric>

namespace narthex::storage::tsdb {
namespace {

constexpr std::size_t kPendingMax = 4096;
constexpr std::size_t kSlice = 128;  // series that a thread takes at a time

nx_sample_batch batch_of(std::size_t rows) {
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = rows;
  return batch;
}

}  // namespace

Recovery::Recovery(head::Core& core, std::uint64_t head_bytes, std::function<void()> flush,
                   DeleteInTables delete_in_tables)
    : core_(core),
      head_bytes_(head_bytes),
      flush_(std::move(flush)),
      delete_in_tables_(std::move(delete_in_tables)) {}

Recovery::~Recovery() { close_cohorts(); }

void Recovery::close_cohorts() {
  const std::lock_guard lock(core_.commit_mutex);
  for (const auto& [id, known] : layouts_) core_.cohorts.close(known.cohort);
}

// Numbers mean something within a segment, and those that carry go on with the one before.
void Recovery::segment(std::uint64_t, bool carries) {
  resolve_pending();
  if (carries) return;
  refs_.assign(refs_.size(), 0);
  close_cohorts();
  layouts_.clear();
}

void Recovery::series(std::uint32_t ref, std::span<const wal::LabelView> labels) {
  pending_.push_back(ref);
  for (const wal::LabelView& label : labels) {
    for (const std::string_view text : {label.name, label.value}) {
      symbols_.emplace_back(texts_.size(), text.size());
      texts_ += text;
    }
  }
  offsets_.push_back(static_cast<std::uint32_t>(symbols_.size() / 2));
  if (pending_.size() == kPendingMax) resolve_pending();
}

void Recovery::resolve_pending() {
  if (pending_.empty()) return;
  std::vector<nx_str> symbols;
  symbols.reserve(symbols_.size());
  for (const auto& [at, size] : symbols_) symbols.push_back({texts_.data() + at, size});
  std::vector<std::uint32_t> refs(symbols.size());
  std::iota(refs.begin(), refs.end(), 0u);
  nx_series_table table{};
  table.struct_size = sizeof table;
  table.series_count = static_cast<std::uint32_t>(pending_.size());
  table.symbol_count = static_cast<std::uint32_t>(symbols.size());
  table.symbols = symbols.data();
  table.label_ref = refs.data();
  table.label_off = offsets_.data();
  std::vector<index::LabelIndex::Resolved> resolved;
  core_.index.resolve(table, true, resolved);
  const std::int64_t now = core_.now_ms();
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    if (resolved[i].identity == nullptr) continue;
    head::SeriesIndex::of(resolved[i].identity)->touch(now);
    if (pending_[i] >= refs_.size()) refs_.resize(std::size_t{pending_[i]} + pending_[i] / 2 + 1);
    refs_[pending_[i]] = std::uint64_t{resolved[i].identity->id()} + 1;
  }
  pending_.clear();
  texts_.clear();
  symbols_.clear();
  offsets_.assign(1, 0);
}

head::Series* Recovery::series_of(std::uint32_t logged) const {
  const std::uint64_t ref = ref_of(logged);
  return ref == 0 ? nullptr : core_.index.series_by_ref(ref);
}

void Recovery::layout(std::uint64_t layout, std::span<const std::uint32_t> refs) {
  resolve_pending();
  KnownLayout& known = layouts_[layout];
  const std::lock_guard lock(core_.commit_mutex);
  if (known.cohort == 0) known.cohort = core_.cohorts.open("recovery");
  if (std::equal(refs.begin(), refs.end(), known.refs.begin(), known.refs.end())) return;
  known.refs.assign(refs.begin(), refs.end());
  known.id = 0;
}

// Only series that are known have a slot; where one is not, rows go to their series one by one.
void Recovery::make_layout(KnownLayout& known) {
  std::vector<std::uint64_t> refs;
  for (const std::uint32_t logged : known.refs) {
    if (ref_of(logged) == 0) return;  // kNoRef too
    refs.push_back(ref_of(logged));
  }
  head::Txn txn(core_, known.cohort, head::Txn::Trust::kLogged);
  known.id = txn.layout(refs);
}

void Recovery::row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                   const std::uint64_t* present) {
  resolve_pending();
  const auto at = layouts_.find(layout);
  if (at == layouts_.end()) {
    orphans_ += bits.size();
    return;
  }
  KnownLayout& known = at->second;
  if (known.id == 0) make_layout(known);
  batch_values_.clear();
  for (const std::uint64_t b : bits) batch_values_.push_back(std::bit_cast<double>(b));
  batch_values_.resize(known.refs.size());
  // Slots that have come since the row are absent from it.
  std::vector<std::uint64_t> there((known.refs.size() + 63) / 64);
  for (std::size_t s = 0; s < std::min(bits.size(), known.refs.size()); ++s) {
    if (present == nullptr || (present[s / 64] >> s % 64 & 1) != 0) {
      there[s / 64] |= std::uint64_t{1} << s % 64;
    }
  }
  nx_sample_batch batch = batch_of(known.refs.size());
  batch.flags = NX_BATCH_ONE_T;
  batch.t = &t;
  batch.v = batch_values_.data();
  batch.present = there.data();
  if (known.id != 0) {
    batch.layout = known.id;
  } else {
    batch_refs_.clear();
    for (const std::uint32_t logged : known.refs) batch_refs_.push_back(ref_of(logged));
    batch.ref = batch_refs_.data();
  }
  append(batch, known.cohort);
}

// What was logged had been judged, so there is no transaction to ask: runs go to their series.
void Recovery::samples(std::span<const wal::LoggedRun> runs) {
  resolve_pending();
  run_series_.clear();
  for (const wal::LoggedRun& run : runs) run_series_.push_back(series_of(run.ref));
  {
    const index::EpochHold hold(core_.epochs);
    const std::lock_guard lock(core_.commit_mutex);
    ++core_.sequence;
    ++core_.figures.commits;
    head::SeriesWriter writer(core_, head::SeriesWriter::Judge::kTaken);
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const head::Series* soon = i + kAhead < runs.size() ? run_series_[i + kAhead] : nullptr;
      if (soon != nullptr) __builtin_prefetch(soon->own.get(), 1);
      if (run_series_[i] == nullptr) {
        orphans_ += runs[i].t.size();
        continue;
      }
      write(writer, *run_series_[i], runs[i].t, runs[i].bits);
      recovered_ += runs[i].t.size();
    }
  }
  core_.epochs.collect_much();
  mind_memory();
}

void Recovery::write(head::SeriesWriter& writer, head::Series& series,
                     std::span<const std::int64_t> t, std::span<const std::uint64_t> bits) {
  bool ascends = true;
  const std::int64_t* const times = t.data();
  for (std::size_t i = 1; i < t.size(); ++i) ascends &= times[i - 1] < times[i];
  if (ascends && writer.takes_run(series, t.front())) {
    writer.write_run(series, t, bits);
    return;
  }
  for (std::size_t i = 0; i < t.size(); ++i) {
    (void)writer.write(series, {t[i], bits[i], nullptr}, false);
  }
}

// Series are independent of each other, unless rows of a group make them known to one another.
void Recovery::put_back(wal::SampleWindow& window, const OnThreads& on_threads) {
  resolve_pending();
  {
    const index::EpochHold hold(core_.epochs);
    const std::lock_guard lock(core_.commit_mutex);
    ++core_.sequence;
    ++core_.figures.commits;
    head::AllocationTurns turns;
    std::mutex mutex;
    std::vector<std::size_t> left;
    std::atomic<std::size_t> next{0};
    on_threads([&] {
      Share share;
      for (;;) {
        const std::size_t first = next.fetch_add(kSlice, std::memory_order_relaxed);
        if (first >= window.touched()) break;
        put_back_part(window, first, std::min(first + kSlice, window.touched()), turns, share);
      }
      const std::lock_guard adding(mutex);
      core_.add(share.tallies);
      orphans_ += share.orphans;
      recovered_ += share.recovered;
      left.insert(left.end(), share.left.begin(), share.left.end());
    });
    head::SeriesWriter writer(core_, head::SeriesWriter::Judge::kTaken);
    wal::SampleWindow::Columns columns;
    for (const std::size_t i : left) {
      head::Series& series = *series_of(window.ref_of(i));
      recovered_ += window.samples_of(i);
      window.decode(i, columns, [&](auto t, auto bits) { write(writer, series, t, bits); });
    }
  }
  core_.epochs.collect_much();
  mind_memory();
}

void Recovery::put_back_part(wal::SampleWindow& window, std::size_t first, std::size_t last,
                             head::AllocationTurns& turns, Share& share) {
  head::SeriesWriter writer(core_, head::SeriesWriter::Judge::kTaken, share.tallies, &turns);
  std::array<head::Series*, kSlice> series;
  for (std::size_t i = first; i < last; ++i) {
    series[i - first] = series_of(window.ref_of(i));
    __builtin_prefetch(series[i - first]);
  }
  constexpr std::size_t kAhead = 4;
  for (std::size_t i = first; i < last; ++i) {
    const head::Series* const soon = i + kAhead < last ? series[i + kAhead - first] : nullptr;
    if (soon != nullptr) __builtin_prefetch(soon->own.get(), 1);
    head::Series* const here = series[i - first];
    if (here == nullptr) {
      share.orphans += window.samples_of(i);
    } else if (here->home_group != nullptr) {
      share.left.push_back(i);
    } else {
      share.recovered += window.samples_of(i);
      window.decode(i, share.columns, [&](auto t, auto bits) { write(writer, *here, t, bits); });
    }
  }
}

void Recovery::histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) {
  resolve_pending();
  const std::uint64_t found = ref_of(ref);
  if (found == 0) {
    ++orphans_;
    return;
  }
  const std::uint32_t first = 0;
  nx_sample_batch batch = batch_of(1);
  batch.ref = &found;
  batch.t = &t;
  batch.h = &first;
  batch.hists = &histogram;
  batch.hist_count = 1;
  append(batch, 0);
}

void Recovery::append(const nx_sample_batch& batch, std::uint64_t cohort) {
  head::Txn txn(core_, cohort, head::Txn::Trust::kLogged);
  nx_append_result result{};
  result.struct_size = sizeof result;
  (void)txn.append(batch, result);
  nx_append_result committed{};
  committed.struct_size = sizeof committed;
  (void)txn.commit(committed);
  orphans_ += result.by_code[NX_ROW_UNKNOWN_REF];
  recovered_ += committed.accepted;
  mind_memory();
}

void Recovery::start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) {
  resolve_pending();
  head::Series* series = series_of(ref);
  if (series == nullptr) return;
  const std::lock_guard lock(core_.commit_mutex);
  head::SeriesWriter(core_).set_start(*series, t, start_t);
}

void Recovery::exemplar(const wal::LoggedExemplar& exemplar) {
  resolve_pending();
  const head::Series* series = series_of(exemplar.ref);
  if (series == nullptr) return;
  head::Exemplar copy;
  copy.t = exemplar.t;
  copy.has_t = exemplar.has_t;
  copy.value = std::bit_cast<double>(exemplar.bits);
  for (const wal::LabelView& label : exemplar.labels) {
    copy.labels.emplace_back(label.name, label.value);
  }
  (void)core_.exemplars.add(*series, std::move(copy));
}

void Recovery::metadata(const wal::LoggedMetadata& metadata) {
  (void)core_.metadata.put(metadata.family, metadata.type, metadata.unit, metadata.help);
}

void Recovery::erase(std::span<const std::uint32_t> refs, std::int64_t min_t, std::int64_t max_t) {
  resolve_pending();
  index::Ids ids;
  for (const std::uint32_t logged : refs) {
    const head::Series* series = series_of(logged);
    if (series != nullptr) ids.push_back(series->id());
  }
  head::delete_samples(core_, ids, min_t, max_t);
  // A flush while recovering may have put some of them into a table.
  delete_in_tables_(ids, min_t, max_t);
}

std::uint64_t Recovery::room_bytes() const {
  const std::lock_guard lock(core_.commit_mutex);
  const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(core_.data_bytes, 0));
  return held < head_bytes_ ? head_bytes_ - held : 0;
}

void Recovery::mind_memory() {
  if (room_bytes() == 0) flush_();
}

}  // namespace narthex::storage::tsdb
