// SPDX-License-Identifier: Apache-2.0
// sample_writer.hpp - stores what one target gives: rows by key -> cache -> one append, with the
// synthetic series and staleness markers of Prometheus. Scrapes and in-process exporters go the
// same way.
//
// All or nothing: what a failed scrape had in it is not stored, only its report is.
// Lives with its loop; used by one thread at a time. metadata() is thread-safe.
#pragma once

#include "scrape/metadata_cache.hpp"
#include "scrape/metrics.hpp"
#include "scrape/report_series.hpp"
#include "scrape/sample_rules.hpp"
#include "scrape/series_cache.hpp"
#include "scrape/workbench.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"

#include <narthex/protocol.h>
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace narthex::scrape {

struct WriterServices {
  store::Store& store;
  ScrapeMetrics& metrics;
  FamilyLists& families;
};

// Gives the labels of keys, as nx_parser::labels does: the function gets one table, once.
using LabelSource = std::function<Status(std::span<const nx_str> keys,
                                         const std::function<void(const nx_series_table&)>& use)>;

// What the report needs beyond what the writer counts.
struct ScrapeReport {
  Status failure;  // why the scrape is no good; OK: it was good
  double duration_s = 0;
  double timeout_s = 0;
  std::int64_t body_bytes = 0;
};

// What finish() found.
struct WriteOutcome {
  Status failure;      // the report's, or why the rows are no good (a limit)
  Status stored;       // whether it got into the storage
  bool again = false;  // the storage has forgotten the series: begin() and all rows once more
  std::uint64_t scraped = 0;
  std::uint64_t kept = 0;
  std::uint64_t added = 0;
};

class SampleWriter {
 public:
  SampleWriter(WriterServices services, std::string job, Labels target, std::int64_t interval_ms);
  ~SampleWriter();
  SampleWriter(const SampleWriter&) = delete;
  SampleWriter& operator=(const SampleWriter&) = delete;

  // The rows of one scrape: begin(), add() as often as rows come, finish(). The workbench is used
  // until finish() returned.
  void begin(std::shared_ptr<const SampleRules> rules, std::int64_t t_ms, std::int64_t now_ms,
             Workbench& workbench);
  // A failure is the scrape's: stop and finish() with it.
  Status add(const nx_parsed& parsed, const LabelSource& labels);
  WriteOutcome finish(ScrapeReport report);

  // The target is gone: markers for all its series, the synthetic ones too. Where newer samples
  // have come from elsewhere meanwhile the storage refuses them, and that is right.
  Status write_end(std::int64_t t_ms, Workbench& workbench);

  FamilyList metadata() const { return metadata_.list(); }

 private:
  Status add_missing(const nx_parsed& parsed, const LabelSource& labels);
  Status resolve(const nx_parsed& parsed, const nx_series_table& table);
  Status collect_missing(const nx_parsed& parsed, const nx_series_table& table);
  bool would_pass_limit(const nx_parsed& parsed, std::size_t missing) const;
  Status take_resolved(const nx_parsed& parsed);
  Status add_row(const nx_parsed& parsed, std::uint64_t row, std::uint32_t entry);
  void add_exemplars(const nx_parsed& parsed, std::uint64_t row, std::uint32_t& next);
  Status add_histogram(const nx_histogram& histogram);
  void add_start(std::uint32_t entry, std::int64_t start_ms, std::int64_t t_ms);

  Status open();
  Status resolve_report();
  void push_report(const ScrapeReport& report);
  Status append_rows(WriteOutcome& outcome);
  Status append_starts();
  Status append_stale(std::span<const std::uint64_t> refs, std::int64_t t_ms);
  void make_layout();
  void forget_refs();
  void count_refused(const nx_append_result& result);
  void list_metadata();

  const WriterServices services_;
  const std::string origin_;  // "scrape:node"
  const Labels target_;
  const std::int64_t interval_ms_;
  const telemetry::Log log_{"scrape"};
  SeriesCache cache_;
  MetadataCache metadata_;
  ReportSeries report_;
  std::optional<std::uint64_t> cohort_;
  std::uint64_t layout_ = 0;
  std::uint64_t layout_version_ = 0;  // of the cache
  bool layout_is_new_ = false;        // made for the running scrape
  bool metadata_unsent_ = false;      // the storage does not have the present list
  bool retried_ = false;              // this scrape began again because references were unknown

  // Of the running scrape.
  std::shared_ptr<const SampleRules> rules_;
  Workbench* bench_ = nullptr;
  std::optional<store::Appender> appender_;
  std::int64_t t_ms_ = 0;
  std::int64_t t_max_ms_ = 0;
  bool over_limit_ = false;
  Status store_failure_;
  std::uint64_t scraped_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t out_of_bounds_ = 0;
};

}  // namespace narthex::scrape
