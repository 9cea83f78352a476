// SPDX-License-Identifier: Apache-2.0
// otlp.hpp - the receiver of OTLP metrics over HTTP. Requests are handled concurrently.
#pragma once

#include "plugins/ingest/otlp/delta_streams.hpp"
#include "plugins/ingest/otlp/translator.hpp"

#include <narthex/sdk/ingest.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::otlp {

class Otlp {
 public:
  // The members of Prometheus's `otlp` section, and what it has as features.
  struct Options {
    std::string translation_strategy = "UnderscoreEscapingWithSuffixes";
    std::vector<std::string> promote_resource_attributes;
    bool promote_all_resource_attributes = false;
    std::vector<std::string> ignore_resource_attributes;
    bool keep_identifying_resource_attributes = false;
    bool promote_scope_metadata = false;
    bool convert_histograms_to_nhcb = false;
    bool type_and_unit_labels = false;
    std::string deltas = "refuse";
    std::int64_t delta_streams_max = 1'000'000;
    std::int64_t delta_stale_ms = 300'000;
  };
  static constexpr std::string_view kName = "otlp";
  static constexpr std::string_view kSummary = "Receives OpenTelemetry metrics over HTTP";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND), NX_STR(NX_EXT_TEXT)};
  static constexpr nx_route kRoutes[] = {{NX_STR("POST"), NX_STR("/api/v1/otlp/v1/metrics"), 0, 0}};
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"translation_strategy",
       &Options::translation_strategy,
       R"("UnderscoreEscapingWithSuffixes")",
       "How metric and label names are made.",
       {},
       R"("enum": ["UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes",
                   "NoUTF8EscapingWithSuffixes", "NoTranslation"])"},
      {"promote_resource_attributes", &Options::promote_resource_attributes, "",
       "Resource attributes that become labels of every series."},
      {"promote_all_resource_attributes", &Options::promote_all_resource_attributes, "false",
       "Whether all of them do, except ignore_resource_attributes."},
      {"ignore_resource_attributes", &Options::ignore_resource_attributes, "",
       "With promote_all_resource_attributes: those that do not."},
      {"keep_identifying_resource_attributes", &Options::keep_identifying_resource_attributes,
       "false", "Whether target_info shows service.name, service.namespace, service.instance.id."},
      {"promote_scope_metadata", &Options::promote_scope_metadata, "false",
       "Whether name, version and attributes of the scope become otel_scope_ labels."},
      {"convert_histograms_to_nhcb", &Options::convert_histograms_to_nhcb, "false",
       "Whether explicit histograms become native ones with custom buckets."},
      {"type_and_unit_labels", &Options::type_and_unit_labels, "false",
       "Whether series get type and unit of their metric as labels __type__ and __unit__."},
      {"deltas",
       &Options::deltas,
       R"("refuse")",
       "What becomes of delta temporality: added up to cumulative series, or stored as it comes.",
       {},
       R"("enum": ["refuse", "to_cumulative", "store"])"},
      {"delta_streams_max",
       &Options::delta_streams_max,
       "1000000",
       "Most series that are added up.",
       {},
       R"("minimum": 1)"},
      {"delta_stale", &Options::delta_stale_ms, R"("5m")",
       "After how long without a point such a series begins again.", "duration"},
  };

  Otlp(sdk::Host host, Options options);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);
  Status handle(const nx_ingest_request& request, sdk::IngestReply reply);

 private:
  Result<MetricsRequest> read(const nx_ingest_request& request, bool json) const;
  Status store(const sdk::RequestAppender& appender, SeriesRows& rows, bool& taken);
  void clean_streams();

  const sdk::Host host_;
  const nx_ext_append& append_;
  const TranslationOptions translation_;
  DeltaStreams streams_;
  const sdk::Cell rejected_;
  std::atomic<std::int64_t> cleaned_ms_{0};
};

}  // namespace narthex::ingest::otlp
