// SPDX-License-Identifier: Apache-2.0
#include "scrape/sample_writer.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kAheadMaxMs = 10 * 60 * 1000;  // later timestamps of a body are refused
constexpr std::uint32_t kAgain = 1u << 31;  // of an entry number: this scrape had it already
constexpr std::uint32_t kEntry = kAgain - 1;
constexpr std::uint32_t kNoEntry = kEntry;

constexpr std::string_view kReport[] = {"up",
                                        "scrape_duration_seconds",
                                        "scrape_samples_scraped",
                                        "scrape_samples_post_metric_relabeling",
                                        "scrape_series_added",
                                        "scrape_timeout_seconds",
                                        "scrape_sample_limit",
                                        "scrape_body_size_bytes"};
constexpr std::size_t kReportPlain = 5;  // the rest are extra metrics

bool own_time(const nx_parsed& parsed, std::uint64_t row) {
  return parsed.own_t != nullptr && (parsed.own_t[row / 64] >> (row % 64) & 1) != 0;
}

nx_append_result empty_result() {
  nx_append_result result{};
  result.struct_size = sizeof result;
  return result;
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

Status SampleWriter::open() {
  if (appender_) return {};
  store::Store& store = services_.store;
  if (!cohort_) {
    cohort_ = 0;
    if ((store.capabilities() & NX_STORAGE_COHORTS) != 0) {
      auto cohort = store.cohort_open(origin_, target_, cache_.size(), interval_ms_);
      if (cohort.ok()) cohort_ = *cohort;
    }
  }
  store::AppendOptions options;
  options.origin = origin_;
  options.cohort = *cohort_;
  auto appender = store.begin(options);
  if (!appender.ok()) return appender.status();
  appender_.emplace(*std::move(appender));
  return {};
}

Status SampleWriter::resolve_report() {
  const std::size_t wanted = rules_->options().extra_metrics ? std::size(kReport) : kReportPlain;
  if (report_refs_.size() == wanted) return {};
  bench_->table.clear();
  for (std::size_t i = 0; i < wanted; ++i) {
    auto& pairs = bench_->table.pairs();
    pairs.push_back({to_nx(kMetricName), to_nx(kReport[i])});
    for (const auto& [name, value] : target_) {
      if (name != kMetricName) pairs.push_back({to_nx(name), to_nx(value)});
    }
    (void)bench_->table.end_series();
  }
  std::vector<std::uint64_t> refs(wanted);
  bench_->codes.assign(wanted, NX_ROW_OK);
  const Status status = appender_->resolve(bench_->table.table(), refs, bench_->codes);
  if (!status.ok()) return status;
  if (std::count(refs.begin(), refs.end(), 0) != 0) {
    return {NX_ERR_EXHAUSTED, "the storage refused the report series"};
  }
  report_refs_ = std::move(refs);
  layout_ = 0;
  return {};
}

void SampleWriter::push_report(const ScrapeReport& report) {
  const double values[] = {report.failure.ok() ? 1.0 : 0.0,
                           report.duration_s,
                           static_cast<double>(scraped_),
                           static_cast<double>(kept_),
                           static_cast<double>(added_),
                           report.timeout_s,
                           static_cast<double>(rules_->options().limits.sample_limit),
                           static_cast<double>(report.body_bytes)};
  RowColumns& rows = bench_->rows;
  for (std::size_t i = 0; i < report_refs_.size(); ++i) {
    rows.refs.push_back(report_refs_[i]);
    rows.values.push_back(values[i]);
    if (!rows.times.empty()) rows.times.push_back(t_ms_);
    if (!rows.histogram_at.empty()) rows.histogram_at.push_back(NX_NONE);
  }
}

WriteOutcome SampleWriter::finish(ScrapeReport report) {
  WriteOutcome outcome;
  if (report.failure.ok() && over_limit_) {
    report.failure = Status(NX_ERR_EXHAUSTED, "sample limit exceeded");
    services_.metrics.over_sample_limit.add();
  }
  const bool keep = report.failure.ok() && store_failure_.ok();
  if (!keep) {
    bench_->rows.clear();
    bench_->starts.clear();
    cache_.forget_starts();
    appender_.reset();
  }
  outcome.failure = report.failure;
  outcome.scraped = scraped_;
  outcome.kept = kept_;
  outcome.added = added_;
  outcome.stored = store_failure_;
  if (outcome.stored.ok()) outcome.stored = open();
  if (outcome.stored.ok()) outcome.stored = resolve_report();
  if (outcome.stored.ok()) {
    push_report(report);
    if (report.failure.ok() && metadata_.end_good()) metadata_unsent_ = true;
    list_metadata();
    outcome.stored = append_starts();
    if (outcome.stored.ok()) outcome.stored = append_rows(outcome);
  }
  if (outcome.again) return outcome;
  bench_->stale.clear();
  keep ? cache_.end_good(bench_->stale) : cache_.end_bad(bench_->stale);
  // From here on the cache is in the order of this scrape.
  if (layout_is_new_) layout_version_ = cache_.version();
  layout_is_new_ = false;
  if (outcome.stored.ok()) outcome.stored = append_stale(bench_->stale, t_ms_);
  if (outcome.stored.ok()) {
    nx_append_result result = empty_result();
    outcome.stored = appender_->commit(result);
    if (outcome.stored.ok() && report.failure.ok()) metadata_unsent_ = false;
  }
  appender_.reset();
  if (!outcome.stored.ok()) {
    cache_.forget_starts();
    services_.metrics.store_failures.add();
  }
  return outcome;
}

void SampleWriter::list_metadata() {
  bench_->metadata.clear();
  const FamilyList families = metadata_unsent_ ? metadata_.list() : nullptr;
  if (families == nullptr) return;
  for (const Family& family : *families) {
    nx_metadata entry{};
    entry.series = NX_NONE;
    entry.type = family.type;
    entry.family = to_nx(family.name);
    entry.help = to_nx(family.help);
    entry.unit = to_nx(family.unit);
    bench_->metadata.push_back(entry);  // the list lives as long as it is the cache's
  }
}

Status SampleWriter::append_rows(WriteOutcome& outcome) {
  RowColumns& rows = bench_->rows;
  const bool plain = outcome.failure.ok() && rows.times.empty() && rows.histogram_at.empty();
  const bool same_row =
      cache_.in_order() && cache_.complete() && layout_version_ == cache_.version();
  if (plain && (!same_row || layout_ == 0)) make_layout();
  const bool by_layout = plain && layout_ != 0;
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = rows.refs.size();
  batch.ref = by_layout ? nullptr : rows.refs.data();
  batch.layout = by_layout ? layout_ : 0;
  batch.flags = rows.times.empty() ? NX_BATCH_ONE_T : 0;
  batch.t = rows.times.empty() ? &t_ms_ : rows.times.data();
  batch.v = rows.values.data();
  batch.h = rows.histogram_at.empty() ? nullptr : rows.histogram_at.data();
  batch.hists = rows.histograms.data();
  batch.hist_count = static_cast<std::uint32_t>(rows.histograms.size());
  batch.exemplars = rows.exemplars.data();
  batch.exemplar_count = static_cast<std::uint32_t>(rows.exemplars.size());
  batch.meta = bench_->metadata.data();
  batch.meta_count = static_cast<std::uint32_t>(bench_->metadata.size());
  nx_append_result result = empty_result();
  if (Status status = appender_->append(batch, result); !status.ok()) return status;
  if (result.by_code[NX_ROW_UNKNOWN_REF] != 0 && !retried_) {
    appender_.reset();
    forget_refs();
    outcome.again = retried_ = true;
    return {};
  }
  retried_ = false;
  count_refused(result);
  return {};
}

void SampleWriter::forget_refs() {
  cache_.forget_refs();
  cache_.forget_starts();
  report_refs_.clear();
  layout_ = 0;
}

// This row will come again most likely: it is named, and so goes without its reference column.
void SampleWriter::make_layout() {
  layout_ = 0;
  if (*cohort_ == 0) return;
  auto layout = appender_->layout(bench_->rows.refs);
  if (!layout.ok()) return;  // one series under two texts, for example
  layout_ = *layout;
  layout_is_new_ = true;
}

Status SampleWriter::append_starts() {
  const StartRows& starts = bench_->starts;
  if (starts.refs.empty()) return {};
  const std::vector<double> zeros(starts.refs.size(), 0.0);
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_REJECT_OOO;
  batch.rows = starts.refs.size();
  batch.ref = starts.refs.data();
  batch.t = starts.times.data();
  batch.v = zeros.data();
  batch.h = starts.histograms.empty() ? nullptr : starts.histogram_at.data();
  batch.hists = starts.histograms.data();
  batch.hist_count = static_cast<std::uint32_t>(starts.histograms.size());
  // Refused ones are expected: the series was scraped before.
  nx_append_result result = empty_result();
  if (Status status = appender_->append(batch, result); !status.ok()) return status;
  // By itself: of one transaction a storage may take whole rows first, for which these come too
  // late.
  Status status = appender_->commit(result);
  appender_.reset();
  return status.ok() ? open() : status;
}

Status SampleWriter::append_stale(std::span<const std::uint64_t> refs, std::int64_t t_ms) {
  if (refs.empty()) return {};
  const std::vector<double> values(refs.size(), std::bit_cast<double>(NX_STALE_NAN_BITS));
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_ONE_T | NX_BATCH_REJECT_OOO;
  batch.rows = refs.size();
  batch.ref = refs.data();
  batch.t = &t_ms;
  batch.v = values.data();
  // Refused ones are expected: the series came back by another way.
  nx_append_result result = empty_result();
  return appender_->append(batch, result);
}

void SampleWriter::count_refused(const nx_append_result& result) {
  ScrapeMetrics& metrics = services_.metrics;
  const auto count = [](telemetry::Counter& counter, std::uint64_t number) {
    if (number != 0) counter.add(static_cast<double>(number));
    return number;
  };
  const auto code = [&](int row) { return result.by_code[row]; };
  const std::uint64_t late = count(metrics.out_of_order, code(NX_ROW_OUT_OF_ORDER));
  const std::uint64_t twice =
      count(metrics.duplicate_timestamp, duplicates_ + code(NX_ROW_DUPLICATE));
  const std::uint64_t outside = count(
      metrics.out_of_bounds, out_of_bounds_ + code(NX_ROW_OUT_OF_BOUNDS) + code(NX_ROW_TOO_OLD));
  const std::uint64_t other =
      result.refused -
      std::min(result.refused, code(NX_ROW_OUT_OF_ORDER) + code(NX_ROW_DUPLICATE) +
                                   code(NX_ROW_OUT_OF_BOUNDS) + code(NX_ROW_TOO_OLD));
  count(metrics.refused, other);
  count(metrics.exemplar_out_of_order, result.exemplars_refused);
  const auto warn = [&](std::string_view text, std::uint64_t dropped) {
    if (dropped != 0) log_.warn(text, {{"scrape_pool", origin_}, {"num_dropped", dropped}});
  };
  warn("Error on ingesting out-of-order samples", late);
  warn("Error on ingesting samples with different value but same timestamp", twice);
  warn("Error on ingesting samples that are too old or are too far into the future", outside);
  warn("Samples refused by the storage", other);
}

Status SampleWriter::write_end(std::int64_t t_ms, Workbench& workbench) {
  if (rules_ == nullptr) return {};  // there never was a scrape
  bench_ = &workbench;
  cache_.begin_scrape();
  bench_->stale.clear();
  cache_.end_bad(bench_->stale);
  bench_->stale.insert(bench_->stale.end(), report_refs_.begin(), report_refs_.end());
  if (bench_->stale.empty()) return {};
  Status status = open();
  if (status.ok()) status = append_stale(bench_->stale, t_ms);
  if (status.ok()) {
    nx_append_result result = empty_result();
    status = appender_->commit(result);
  }
  appender_.reset();
  return status;
}

}  // namespace narthex::scrape
