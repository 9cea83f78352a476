// SPDX-License-Identifier: Apache-2.0
#include "scrape/sample_writer.hpp"

#include <string_view>
#include <utility>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kAheadMaxMs = 10 * 60 * 1000;  // later timestamps of a body are refused
constexpr std::uint32_t kAgain = 1u << 31;  // of an entry number: this scrape had it already
constexpr std::uint32_t kEntry = kAgain - 1;
constexpr std::uint32_t kNoEntry = kEntry;

bool own_time(const nx_parsed& parsed, std::uint64_t row) {
  return parsed.own_t != nullptr && (parsed.own_t[row / 64] >> (row % 64) & 1) != 0;
}

}  // namespace

SampleWriter::SampleWriter(WriterServices services, std::string job, Labels target,
                           std::int64_t interval_ms)
    : services_(services),
      origin_("scrape:" + std::move(job)),
      target_(std::move(target)),
      interval_ms_(interval_ms),
      metadata_(services.families) {}

SampleWriter::~SampleWriter() {
  if (cohort_ && *cohort_ != 0) services_.store.cohort_close(*cohort_);
}

void SampleWriter::begin(std::shared_ptr<const SampleRules> rules, std::int64_t t_ms,
                         std::int64_t now_ms, Workbench& workbench) {
  if (rules_ != nullptr && rules_ != rules && !rules_->same_labels(*rules)) cache_.forget_labels();
  rules_ = std::move(rules);
  bench_ = &workbench;
  bench_->rows.clear();
  bench_->starts.clear();
  bench_->arena.clear();
  t_ms_ = t_ms;
  t_max_ms_ = now_ms + kAheadMaxMs;
  over_limit_ = false;
  store_failure_ = Status();
  scraped_ = kept_ = added_ = duplicates_ = out_of_bounds_ = 0;
  cache_.begin_scrape();
  metadata_.begin_scrape();
}

Status SampleWriter::add(const nx_parsed& parsed, const LabelSource& labels) {
  const nx_sample_batch& batch = *parsed.batch;
  metadata_.add(std::span(batch.meta, batch.meta_count));
  scraped_ += batch.rows;
  if (over_limit_ && !rules_->relabels()) {
    kept_ += batch.rows;  // nothing of it will be stored: count only
    return {};
  }
  auto& entries = bench_->entries;
  auto& misses = bench_->misses;
  entries.resize(batch.rows);
  misses.clear();
  for (std::uint64_t row = 0; row < batch.rows; ++row) {
    bool again = false;
    const std::uint32_t entry = cache_.find(view(parsed.key[row]), again);
    const bool known =
        entry != SeriesCache::kMiss && (cache_.ref(entry) != SeriesCache::kUnresolved ||
                                        (cache_.flags(entry) & SeriesCache::kDropped) != 0);
    entries[row] = entry == SeriesCache::kMiss ? kNoEntry : entry | (again ? kAgain : 0);
    if (!known) misses.push_back(static_cast<std::uint32_t>(row));
  }
  if (!misses.empty()) {
    if (Status status = add_missing(parsed, labels); !status.ok()) return status;
  }
  std::uint32_t exemplar = 0;
  for (std::uint64_t row = 0; row < batch.rows; ++row) {
    if (Status status = add_row(parsed, row, entries[row]); !status.ok()) return status;
    if (exemplar < batch.exemplar_count) add_exemplars(parsed, row, exemplar);
  }
  const std::uint64_t limit = rules_->options().limits.sample_limit;
  if (limit != 0 && bench_->rows.refs.size() > limit) over_limit_ = true;
  return {};
}

Status SampleWriter::add_missing(const nx_parsed& parsed, const LabelSource& labels) {
  if (!store_failure_.ok()) return {};
  if (!rules_->relabels() && would_pass_limit(parsed, bench_->misses.size())) {
    over_limit_ = true;
    return {};
  }
  auto& keys = bench_->miss_keys;
  keys.clear();
  for (const std::uint32_t row : bench_->misses) keys.push_back(parsed.key[row]);
  Status resolved;
  const Status read =
      labels(keys, [&](const nx_series_table& table) { resolved = resolve(parsed, table); });
  return read.ok() ? resolved : read;
}

// Whether the limit would be passed by the rows so far, those of this batch that are known, and
// `missing` new ones.
bool SampleWriter::would_pass_limit(const nx_parsed& parsed, std::size_t missing) const {
  const std::uint64_t limit = rules_->options().limits.sample_limit;
  if (limit == 0) return false;
  const std::uint64_t known = parsed.batch->rows - bench_->misses.size();
  return bench_->rows.refs.size() + (cache_.has_dropped() ? 0 : known) + missing > limit;
}

Status SampleWriter::resolve(const nx_parsed& parsed, const nx_series_table& table) {
  if (table.series_count != bench_->misses.size()) {
    return internal_error("the parser gave labels of other series than it was asked about");
  }
  if (Status status = collect_missing(parsed, table); !status.ok()) {
    if (is_label_limit(status)) services_.metrics.over_label_limits.add();
    return status;
  }
  if (bench_->table_rows.empty()) return {};
  if (over_limit_ || would_pass_limit(parsed, bench_->table_rows.size())) {
    over_limit_ = true;
    return {};
  }
  return take_resolved(parsed);
}

// Labels of the missing rows into the table of what is to be resolved; dropped ones straight into
// the cache.
Status SampleWriter::collect_missing(const nx_parsed& parsed, const nx_series_table& table) {
  bench_->table.clear();
  bench_->table_rows.clear();
  for (std::uint32_t i = 0; i < table.series_count; ++i) {
    const std::uint32_t row = bench_->misses[i];
    bench_->exposed.clear();
    for (std::uint32_t p = table.label_off[i]; p < table.label_off[i + 1]; ++p) {
      bench_->exposed.push_back(
          {table.symbols[table.label_ref[2 * p]], table.symbols[table.label_ref[2 * p + 1]]});
    }
    const auto verdict =
        rules_->apply(bench_->exposed, target_, bench_->arena, bench_->table.pairs());
    if (!verdict.ok()) return verdict.status();
    if (*verdict == SampleRules::Verdict::kKeep) {
      const std::string_view twice = bench_->table.end_series();
      if (!twice.empty()) {
        return invalid_data("label name \"" + std::string(twice) +
                            "\" is not unique: invalid sample");
      }
      bench_->table_rows.push_back(row);
    } else {
      bool again = false;
      std::uint32_t entry = cache_.find(view(parsed.key[row]), again);
      if (entry == SeriesCache::kMiss) {
        entry = cache_.add(view(parsed.key[row]), SeriesCache::kUnresolved, SeriesCache::kDropped);
      } else {
        cache_.set_flags(entry, SeriesCache::kDropped);
      }
      bench_->entries[row] = entry;
    }
  }
  return {};
}

Status SampleWriter::take_resolved(const nx_parsed& parsed) {
  // A storage that refuses is not the target's fault: finish() tells it.
  store_failure_ = open();
  if (!store_failure_.ok()) return {};
  const nx_series_table table = bench_->table.table();
  auto& refs = bench_->resolved;
  refs.assign(table.series_count, 0);
  bench_->codes.assign(table.series_count, NX_ROW_OK);
  store_failure_ = appender_->resolve(table, refs, bench_->codes);
  if (!store_failure_.ok()) return {};
  for (std::uint32_t i = 0; i < table.series_count; ++i) {
    const std::uint32_t row = bench_->table_rows[i];
    if (refs[i] == 0) {
      if (bench_->codes[i] == NX_ROW_BAD_LABELS)
        return invalid_data("invalid labels: invalid sample");
      services_.metrics.refused.add();
      continue;
    }
    std::uint32_t entry = bench_->entries[row] & kEntry;
    if (entry != kNoEntry) {  // known, but the storage had forgotten it
      cache_.set_ref(entry, refs[i]);
      continue;
    }
    bool again = false;
    entry = cache_.find(view(parsed.key[row]), again);  // twice in this batch?
    if (entry == SeriesCache::kMiss) {
      entry = cache_.add(view(parsed.key[row]), refs[i], 0);
      ++added_;
    }
    bench_->entries[row] = entry | (again ? kAgain : 0);
  }
  return {};
}

Status SampleWriter::add_row(const nx_parsed& parsed, std::uint64_t row, std::uint32_t entry) {
  if (entry == kNoEntry) {
    ++kept_;  // not resolved: over a limit, or refused by the storage
    return {};
  }
  const bool again = (entry & kAgain) != 0;
  entry &= kEntry;
  const std::uint8_t flags = cache_.flags(entry);
  if ((flags & SeriesCache::kDropped) != 0) return {};
  ++kept_;
  const bool own = own_time(parsed, row);
  if (again && !own) {
    ++duplicates_;
    return {};
  }
  const nx_sample_batch& batch = *parsed.batch;
  if (own && batch.t[row] > t_max_ms_) {
    ++out_of_bounds_;
    return {};
  }
  const bool untracked = own && !rules_->options().track_timestamps_staleness;
  if (untracked != ((flags & SeriesCache::kUntracked) != 0)) {
    cache_.set_flags(entry, flags ^ SeriesCache::kUntracked);
  }
  RowColumns& rows = bench_->rows;
  if (own && rows.times.empty()) rows.times.assign(rows.refs.size(), t_ms_);
  if (own || !rows.times.empty()) rows.times.push_back(own ? batch.t[row] : t_ms_);
  const bool histogram = batch.h != nullptr && batch.h[row] != NX_NONE;
  if (histogram && rows.histogram_at.empty()) rows.histogram_at.assign(rows.refs.size(), NX_NONE);
  rows.refs.push_back(cache_.ref(entry));
  rows.values.push_back(batch.v[row]);
  if (histogram) {
    if (Status status = add_histogram(batch.hists[batch.h[row]]); !status.ok()) return status;
  } else if (!rows.histogram_at.empty()) {
    rows.histogram_at.push_back(NX_NONE);
  }
  if (batch.st != nullptr && rules_->options().start_zeros) {
    add_start(entry, batch.st[row], own ? batch.t[row] : t_ms_);
  }
  return {};
}

// Of the newest row. Series that counted before the last scrape did have their zero already, and
// where the storage has newer samples it refuses another.
void SampleWriter::add_start(std::uint32_t entry, std::int64_t start_ms, std::int64_t t_ms) {
  if (start_ms == 0 || start_ms >= t_ms || !cache_.start_changes(entry, start_ms)) return;
  const RowColumns& rows = bench_->rows;
  const bool histogram = !rows.histogram_at.empty() && rows.histogram_at.back() != NX_NONE;
  bench_->starts.add(rows.refs.back(), start_ms, histogram ? &rows.histograms.back() : nullptr);
}

Status SampleWriter::add_histogram(const nx_histogram& histogram) {
  RowColumns& rows = bench_->rows;
  nx_histogram fitted = histogram;
  if (!bench_->fitter.fit(fitted, rules_->max_schema(),
                          rules_->options().limits.native_histogram_bucket_limit,
                          rows.copies.arena())) {
    services_.metrics.over_bucket_limit.add();
    return invalid_data("histogram bucket limit exceeded");
  }
  rows.histogram_at.push_back(static_cast<std::uint32_t>(rows.histograms.size()));
  rows.histograms.push_back(rows.copies.copy(fitted));
  return {};
}

void SampleWriter::add_exemplars(const nx_parsed& parsed, std::uint64_t row, std::uint32_t& next) {
  const nx_sample_batch& batch = *parsed.batch;
  RowColumns& rows = bench_->rows;
  const std::uint32_t entry = bench_->entries[row];
  const bool stored = entry != kNoEntry && (entry & kAgain) == 0 && !rows.refs.empty() &&
                      rows.refs.back() == cache_.ref(entry & kEntry);
  for (; next < batch.exemplar_count && batch.exemplars[next].row == row; ++next) {
    if (!stored) continue;
    nx_exemplar exemplar = rows.copies.copy(batch.exemplars[next]);
    exemplar.row = rows.refs.size() - 1;
    rows.exemplars.push_back(exemplar);
  }
}

}  // namespace narthex::scrape
