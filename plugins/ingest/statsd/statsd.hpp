// SPDX-License-Identifier: Apache-2.0
// statsd.hpp - the receiver of StatsD over UDP and TCP: measures are added up as they come, and
// stored at every flush with the host's time. The host calls it from one thread at a time.
#pragma once

#include "plugins/ingest/statsd/aggregates.hpp"
#include "plugins/ingest/statsd/mapping.hpp"

#include <narthex/sdk/line_ingest.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::ingest::statsd {

class Statsd {
 public:
  struct Options : sdk::LineOptions {
    Options() { legacy_names = true; }
    std::string observer_type = "summary";
    const nx_value* buckets = nullptr;
    const nx_value* quantiles = nullptr;
    std::int64_t ttl_ms = 0;
    std::int64_t series_max = 100'000;
    const nx_value* mappings = nullptr;
  };
  static constexpr std::string_view kName = "statsd";
  static constexpr std::string_view kSummary = "Receives StatsD and DogStatsD";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr std::string_view kMappingsSchema =
      R"("type": "array", "items": {"type": "object", "additionalProperties": false,)"
      R"("required": ["match"], "properties": {)"
      R"("match": {"type": "string"}, "name": {"type": "string"},)"
      R"("labels": {"type": "object", "additionalProperties": {"type": "string"}},)"
      R"("match_metric_type": {"type": "string", "enum": ["counter", "gauge", "observer", "set"]},)"
      R"("observer_type": {"type": "string", "enum": ["summary", "histogram"]},)"
      R"("buckets": {"type": "array", "items": {"type": "number"}},)"
      R"("quantiles": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},)"
      R"("ttl": {"type": "string", "format": "duration"},)"
      R"("action": {"type": "string", "enum": ["map", "drop"]}}})";
  static constexpr auto kOptions = sdk::line_option_rows<Options>(
      sdk::OptionRow<Options>{"observer_type",
                              &Options::observer_type,
                              R"("summary")",
                              "How timers, histograms and distributions are shown.",
                              {},
                              R"("enum": ["summary", "histogram"])"},
      sdk::OptionRow<Options>{"buckets",
                              &Options::buckets,
                              {},
                              "Upper bounds of histograms; Prometheus's default ones otherwise.",
                              {},
                              R"("type": "array", "items": {"type": "number"})"},
      sdk::OptionRow<Options>{
          "quantiles",
          &Options::quantiles,
          {},
          "Quantiles of summaries, over the observations since the last flush; 0.5, 0.9, 0.99 "
          "otherwise.",
          {},
          R"("type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1})"},
      sdk::OptionRow<Options>{"ttl", &Options::ttl_ms, R"("0s")",
                              "After which time without a measure a series ends; 0s: never.",
                              "duration"},
      sdk::OptionRow<Options>{"series_max",
                              &Options::series_max,
                              "100000",
                              "Most metrics with labels that are added up at a time.",
                              {},
                              R"("minimum": 1)"},
      sdk::OptionRow<Options>{"mappings",
                              &Options::mappings,
                              {},
                              "Rules that make metrics with labels of dotted names.",
                              {},
                              kMappingsSchema});

  Statsd(sdk::Host host, const Options& options);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);
  Status packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                 nx_appender* appender);
  Status flush(nx_appender* appender);

 private:
  void read(std::string_view packet, sdk::LineReport& report);
  void write(Aggregate& aggregate, bool expired, std::int64_t now_ms, sdk::SampleWriter& writer);

  sdk::LineIngest lines_;
  Aggregates aggregates_;
  const sdk::Cell aggregate_count_;
};

}  // namespace narthex::ingest::statsd
