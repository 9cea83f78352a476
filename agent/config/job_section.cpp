// SPDX-License-Identifier: Apache-2.0
#include "config/job_section.hpp"

#include "config/http_client.hpp"
#include "config/relabel_rules.hpp"

#include <algorithm>

namespace narthex::config {

namespace {

void read_timing(TableReader& table, const GlobalOptions& global, scrape::JobOptions& job) {
  std::int64_t interval_ms = 0;
  std::int64_t timeout_ms = 0;
  table.read_duration("scrape_interval", interval_ms);
  table.read_duration("scrape_timeout", timeout_ms);
  job.interval_ms = interval_ms != 0 ? interval_ms : global.interval_ms;
  if (timeout_ms > job.interval_ms) {
    table.error("scrape_timeout",
                "scrape timeout greater than scrape interval for scrape config with job name \"" +
                    job.job_name + '"');
  }
  job.timeout_ms = timeout_ms != 0 ? timeout_ms : std::min(global.timeout_ms, job.interval_ms);
}

void read_schemes(TableReader& table, const GlobalOptions& global, scrape::JobOptions& job) {
  job.metric_name_validation_scheme = global.validation_scheme;
  std::string scheme;
  if (table.read("metric_name_validation_scheme", scheme) && !scheme.empty()) {
    job.metric_name_validation_scheme = scheme;
    if (!is_validation_scheme(scheme)) {
      table.error("metric_name_validation_scheme",
                  "unknown scrape config name validation method specified, must be either "
                  "'legacy' or 'utf8', got " +
                      scheme);
    }
  }
  const bool utf8 = job.metric_name_validation_scheme == "utf8";
  job.metric_name_escaping_scheme = global.escaping_scheme;
  scheme.clear();
  if (table.read("metric_name_escaping_scheme", scheme) && !scheme.empty()) {
    job.metric_name_escaping_scheme = scheme;
    if (!is_escaping_scheme(scheme)) {
      table.error("metric_name_escaping_scheme",
                  "unknown scrape config name escaping method specified, must be one of "
                  "'allow-utf-8', 'underscores', 'dots', or 'values', got " +
                      scheme);
    } else if (scheme == "allow-utf-8" && !utf8) {
      table.error("metric_name_escaping_scheme",
                  "utf8 metric names requested but validation scheme is not set to UTF8");
    }
  }
  if (job.metric_name_escaping_scheme.empty()) {
    job.metric_name_escaping_scheme = utf8 ? "allow-utf-8" : "underscores";
  }
}

void read_protocol_choice(TableReader& table, const GlobalOptions& global,
                          scrape::JobOptions& job) {
  const std::string whose = "scrape config with job name \"" + job.job_name + '"';
  job.scrape_native_histograms = global.scrape_native_histograms;
  table.read("scrape_native_histograms", job.scrape_native_histograms);
  job.scrape_protocols = read_protocols(table, whose);
  if (job.scrape_protocols.empty()) {
    job.scrape_protocols =
        global.scrape_protocols_given
            ? global.scrape_protocols
            : default_protocols(job.scrape_native_histograms || global.start_zeros);
  }
  if (!table.read("fallback_scrape_protocol", job.fallback_scrape_protocol)) return;
  if (job.fallback_scrape_protocol.empty() || is_protocol(job.fallback_scrape_protocol)) return;
  table.error("fallback_scrape_protocol",
              "invalid fallback_scrape_protocol for " + whose + ": unknown scrape protocol " +
                  job.fallback_scrape_protocol + ", supported: " + kKnownProtocols);
}

void read_params(TableReader& table, scrape::JobOptions& job) {
  TableReader params = table.table("params");
  if (!params.present()) return;
  std::map<std::string, std::vector<std::string>> sorted;  // as URLs have them
  for (const Part& part : params.others()) {
    params.read(view(part.entry->key), sorted[std::string(view(part.entry->key))]);
  }
  for (auto& [name, values] : sorted) {
    for (std::string& value : values) job.params.emplace_back(name, std::move(value));
  }
}

void read_samples(TableReader& table, const GlobalOptions& global, scrape::JobOptions& job) {
  job.always_scrape_classic_histograms = global.always_scrape_classic_histograms;
  job.convert_classic_histograms_to_nhcb = global.convert_classic_histograms_to_nhcb;
  job.scrape_failure_log_file = global.scrape_failure_log_file;
  job.start_zeros = global.start_zeros;
  job.type_and_unit_labels = global.type_and_unit_labels;
  table.read("honor_labels", job.honor_labels);
  table.read("honor_timestamps", job.honor_timestamps);
  table.read("track_timestamps_staleness", job.track_timestamps_staleness);
  table.read("always_scrape_classic_histograms", job.always_scrape_classic_histograms);
  table.read("convert_classic_histograms_to_nhcb", job.convert_classic_histograms_to_nhcb);
  table.read("scrape_failure_log_file", job.scrape_failure_log_file);
  table.read("native_histogram_bucket_limit", job.limits.native_histogram_bucket_limit);
  table.read("native_histogram_min_bucket_factor", job.limits.native_histogram_min_bucket_factor);
}

}  // namespace

scrape::JobOptions read_job(TableReader& table, const GlobalOptions& global,
                            bool& body_size_limit_given) {
  scrape::JobOptions job;
  table.read("job_name", job.job_name);
  if (job.job_name.empty()) table.error("job_name", "job_name is empty");
  read_timing(table, global, job);
  read_protocol_choice(table, global, job);
  read_schemes(table, global, job);
  read_params(table, job);
  read_samples(table, global, job);
  table.read("metrics_path", job.metrics_path);
  table.read("scheme", job.scheme);
  table.read("enable_compression", job.enable_compression);
  const auto bucket_limit = job.limits.native_histogram_bucket_limit;
  const auto bucket_factor = job.limits.native_histogram_min_bucket_factor;
  job.limits = global.limits;
  job.limits.native_histogram_bucket_limit = bucket_limit;
  job.limits.native_histogram_min_bucket_factor = bucket_factor;
  body_size_limit_given = global.body_size_limit_given;
  read_limits(table, job.limits, body_size_limit_given);
  job.client = read_http_client(table);
  job.relabel_configs = read_rules(table, "relabel_configs");
  job.metric_relabel_configs = read_rules(table, "metric_relabel_configs");
  job.discovery = read_mechanisms(table);
  table.done();
  return job;
}

}  // namespace narthex::config
