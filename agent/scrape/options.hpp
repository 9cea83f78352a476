// SPDX-License-Identifier: Apache-2.0
// options.hpp - what scraping can be told: Prometheus's `global` and `scrape_configs`, and our
// `exporters`. Plain data, defaults filled in by config (global values are already merged into
// jobs).
#pragma once

#include "discovery/options.hpp"
#include "net/http.hpp"
#include "net/options.hpp"
#include "relabel/options.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace narthex::scrape {

// 0 means no limit throughout.
struct LimitOptions {
  std::uint64_t sample_limit = 0;
  std::uint64_t target_limit = 0;
  std::uint64_t label_limit = 0;
  std::uint64_t label_name_length_limit = 0;
  std::uint64_t label_value_length_limit = 0;
  std::uint64_t body_size_limit = 64 << 20;
  std::uint64_t keep_dropped_targets = 0;
  std::uint64_t native_histogram_bucket_limit = 0;
  double native_histogram_min_bucket_factor = 0;
  friend bool operator==(const LimitOptions&, const LimitOptions&) = default;
};

struct JobOptions {
  std::string job_name;
  std::int64_t interval_ms = 60'000;
  std::int64_t timeout_ms = 10'000;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  net::Params params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool enable_compression = true;
  std::vector<std::string> scrape_protocols;  // Prometheus's names, in order
  std::string fallback_scrape_protocol;
  bool scrape_native_histograms = false;
  bool always_scrape_classic_histograms = false;
  bool convert_classic_histograms_to_nhcb = false;
  bool start_zeros = false;           // --enable-feature=created-timestamp-zero-ingestion
  bool type_and_unit_labels = false;  // the feature of that name
  std::string metric_name_validation_scheme = "utf8";
  std::string metric_name_escaping_scheme = "allow-utf-8";
  std::string scrape_failure_log_file;
  LimitOptions limits;
  net::ClientOptions client;
  std::vector<relabel::RuleOptions> relabel_configs;
  std::vector<relabel::RuleOptions> metric_relabel_configs;
  std::vector<discovery::MechanismOptions> discovery;
  std::string fingerprint;  // equal over a reload: the job goes on untouched
};

// An in-process exporter: [[exporters]].
struct ExporterOptions {
  std::string plugin;
  std::string job;               // default: the plugin's name
  std::string instance;          // default: the host's name
  std::int64_t interval_ms = 0;  // 0: the plugin's default, else the global scrape interval
  std::int64_t timeout_ms = 0;   // 0: the interval
  std::vector<std::pair<std::string, std::string>> labels;
  const nx_value* config = nullptr;  // the plugin's own options
  std::shared_ptr<const document::Document> document;
  std::vector<relabel::RuleOptions> metric_relabel_configs;
  LimitOptions limits;
  bool isolated = false;  // isolation = "process"
  std::string fingerprint;
};

struct ScrapeOptions {
  std::vector<JobOptions> jobs;
  std::vector<ExporterOptions> exporters;
  std::int64_t default_interval_ms = 60'000;
  std::vector<std::pair<std::string, std::string>> external_labels;
  bool extra_scrape_metrics = false;  // --enable-feature=extra-scrape-metrics
};

}  // namespace narthex::scrape
