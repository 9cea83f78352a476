// SPDX-License-Identifier: Apache-2.0
#include "config/global_section.hpp"

#include "config/features.hpp"

#include <algorithm>

namespace narthex::config {

const char* const kKnownProtocols =
    "[OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 "
    "PrometheusText1.0.0]";

bool is_protocol(std::string_view name) {
  return name == "OpenMetricsText0.0.1" || name == "OpenMetricsText1.0.0" ||
         name == "PrometheusProto" || name == "PrometheusText0.0.4" ||
         name == "PrometheusText1.0.0";
}

bool is_validation_scheme(std::string_view scheme) {
  return scheme == "utf8" || scheme == "legacy";
}

bool is_escaping_scheme(std::string_view scheme) {
  return scheme == "allow-utf-8" || scheme == "underscores" || scheme == "dots" ||
         scheme == "values";
}

std::vector<std::string> read_protocols(TableReader& table, const std::string& whose) {
  constexpr std::string_view kKey = "scrape_protocols";
  std::vector<std::string> protocols;
  if (!table.read(kKey, protocols)) return {};
  if (protocols.empty()) {
    table.error(kKey, "scrape_protocols cannot be empty for " + whose);
    return {};
  }
  for (std::size_t i = 0; i < protocols.size(); ++i) {
    if (!is_protocol(protocols[i])) {
      table.error(kKey, "scrape_protocols: unknown scrape protocol " + protocols[i] +
                            ", supported: " + kKnownProtocols + " for " + whose);
      return {};
    }
    if (std::find(protocols.begin(), protocols.begin() + static_cast<std::ptrdiff_t>(i),
                  protocols[i]) != protocols.begin() + static_cast<std::ptrdiff_t>(i)) {
      table.error(kKey,
                  "duplicated protocol in scrape_protocols: " + protocols[i] + " for " + whose);
      return {};
    }
  }
  return protocols;
}

void read_limits(TableReader& table, scrape::LimitOptions& limits, bool& body_size_limit_given) {
  // 0 means the inherited value, as in Prometheus.
  const auto count = [&](std::string_view key, std::uint64_t& limit) {
    std::uint64_t given = 0;
    if (table.read(key, given) && given != 0) limit = given;
  };
  std::uint64_t body = 0;
  if (table.read_bytes("body_size_limit", body) && body != 0) {
    limits.body_size_limit = body;
    body_size_limit_given = true;
  }
  count("sample_limit", limits.sample_limit);
  count("target_limit", limits.target_limit);
  count("label_limit", limits.label_limit);
  count("label_name_length_limit", limits.label_name_length_limit);
  count("label_value_length_limit", limits.label_value_length_limit);
  count("keep_dropped_targets", limits.keep_dropped_targets);
}

namespace {

void read_timing(TableReader& table, GlobalOptions& global) {
  std::int64_t interval_ms = 0;
  std::int64_t timeout_ms = 0;
  std::int64_t evaluation_ms = 0;
  table.read_duration("scrape_interval", interval_ms);
  table.read_duration("scrape_timeout", timeout_ms);
  table.read_duration("evaluation_interval", evaluation_ms);
  table.read_duration("rule_query_offset", global.rule_query_offset_ms);
  if (interval_ms != 0) global.interval_ms = interval_ms;
  if (timeout_ms > global.interval_ms) {
    table.error("scrape_timeout", "global scrape timeout greater than scrape interval");
  }
  global.timeout_ms =
      timeout_ms != 0 ? timeout_ms : std::min(global.timeout_ms, global.interval_ms);
  if (evaluation_ms != 0) global.evaluation_interval_ms = evaluation_ms;
}

void read_external_labels(TableReader& table, GlobalOptions& global) {
  std::map<std::string, std::string> labels;
  table.read("external_labels", labels);
  if (labels.contains("")) table.error("external_labels", "\"\" is not a valid label name");
  global.external_labels.assign(labels.begin(), labels.end());
}

void read_schemes(TableReader& table, GlobalOptions& global) {
  std::string scheme;
  if (table.read("metric_name_validation_scheme", scheme) && !scheme.empty()) {
    global.validation_scheme = scheme;
    global.validation_scheme_given = true;
    if (!is_validation_scheme(scheme)) {
      table.error("metric_name_validation_scheme",
                  "unknown global name validation method specified, must be either '', 'legacy' "
                  "or 'utf8', got " +
                      scheme);
    }
  }
  table.read("metric_name_escaping_scheme", global.escaping_scheme);
  if (global.escaping_scheme.empty()) return;
  if (!is_escaping_scheme(global.escaping_scheme)) {
    table.error("metric_name_escaping_scheme",
                "unknown global name escaping method specified, must be one of 'allow-utf-8', "
                "'underscores', 'dots', or 'values', got " +
                    global.escaping_scheme);
  } else if (global.escaping_scheme == "allow-utf-8" && global.validation_scheme != "utf8") {
    table.error("metric_name_escaping_scheme",
                "utf8 metric names requested but validation scheme is not set to UTF8");
  }
}

}  // namespace

std::vector<std::string> default_protocols(bool protobuf_first) {
  std::vector<std::string> protocols = {"OpenMetricsText1.0.0", "OpenMetricsText0.0.1",
                                        "PrometheusText1.0.0", "PrometheusText0.0.4"};
  if (protobuf_first) protocols.insert(protocols.begin(), "PrometheusProto");
  return protocols;
}

GlobalOptions read_global(TableReader table, const std::vector<std::string>& features) {
  GlobalOptions global;
  global.given = !table.others().empty();
  global.scrape_native_histograms = has_feature(features, "native-histograms");
  global.extra_scrape_metrics = has_feature(features, "extra-scrape-metrics");
  global.start_zeros = has_feature(features, "created-timestamp-zero-ingestion");
  global.type_and_unit_labels = has_feature(features, "type-and-unit-labels");
  read_timing(table, global);
  table.read("scrape_native_histograms", global.scrape_native_histograms);
  global.scrape_protocols = read_protocols(table, "global config");
  global.scrape_protocols_given = !global.scrape_protocols.empty();
  if (!global.scrape_protocols_given) {
    global.scrape_protocols =
        default_protocols(global.scrape_native_histograms || global.start_zeros);
  }
  read_external_labels(table, global);
  table.read("query_log_file", global.query_log_file);
  table.read("scrape_failure_log_file", global.scrape_failure_log_file);
  read_limits(table, global.limits, global.body_size_limit_given);
  read_schemes(table, global);
  table.read("always_scrape_classic_histograms", global.always_scrape_classic_histograms);
  table.read("convert_classic_histograms_to_nhcb", global.convert_classic_histograms_to_nhcb);
  table.read("extra_scrape_metrics", global.extra_scrape_metrics);
  table.done();
  return global;
}

}  // namespace narthex::config
