// SPDX-License-Identifier: Apache-2.0
// sample_writer_finish.cpp - the end of a scrape: its rows, report and markers into the storage.
#include "scrape/sample_writer.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

namespace narthex::scrape {
namespace {

nx_append_result empty_result() {
  nx_append_result result{};
  result.struct_size = sizeof result;
  return result;
}

}  // namespace

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
  const bool extra = rules_->options().extra_metrics;
  if (report_.resolved(extra)) return {};
  Status status = report_.resolve(*appender_, target_, extra, *bench_);
  if (status.ok()) layout_ = 0;
  return status;
}

void SampleWriter::push_report(const ScrapeReport& report) {
  report_.push({.up = report.failure.ok(),
                .duration_s = report.duration_s,
                .scraped = scraped_,
                .kept = kept_,
                .added = added_,
                .timeout_s = report.timeout_s,
                .sample_limit = rules_->options().limits.sample_limit,
                .body_bytes = report.body_bytes},
               t_ms_, bench_->rows);
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
  report_.forget();
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
  bench_->stale.insert(bench_->stale.end(), report_.refs().begin(), report_.refs().end());
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
