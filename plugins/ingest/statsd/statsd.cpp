// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/statsd/statsd.hpp"

#include <bit>

namespace narthex::ingest::statsd {
namespace {

// Those of Prometheus's client libraries.
const std::vector<double> kDefaultBuckets = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
const std::vector<double> kDefaultQuantiles = {0.5, 0.9, 0.99};

ObserverShape observer_of(const Statsd::Options& options) {
  return {options.observer_type == "histogram",
          read_numbers(sdk::Value(options.buckets), kDefaultBuckets),
          read_numbers(sdk::Value(options.quantiles), kDefaultQuantiles)};
}

AggregateOptions aggregate_options(const Statsd::Options& options) {
  return {observer_of(options), options.ttl_ms, static_cast<std::size_t>(options.series_max),
          options.legacy_names};
}

std::uint32_t type_of(Shape shape) {
  switch (shape) {
    case Shape::kCounter:
      return NX_TYPE_COUNTER;
    case Shape::kSummary:
      return NX_TYPE_SUMMARY;
    case Shape::kHistogram:
      return NX_TYPE_HISTOGRAM;
    default:
      return NX_TYPE_GAUGE;
  }
}

}  // namespace

Statsd::Statsd(sdk::Host host, const Options& options)
    : lines_(host, options, kName),
      aggregates_(aggregate_options(options),
                  Mapping(sdk::Value(options.mappings), observer_of(options), options.ttl_ms)),
      aggregate_count_(host, NX_TYPE_GAUGE, "narthex_ingest_statsd_metrics",
                       "Metrics with labels that are added up at present.") {}

Status Statsd::validate(sdk::Host host, const Options&, sdk::Value config) {
  const Status bounds = check_bounds(host, config["buckets"], config["quantiles"]);
  return bounds.ok() ? check_mappings(host, config["mappings"]) : bounds;
}

// Nothing is stored here, so that nothing can fail and be measured twice.
Status Statsd::packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                       nx_appender* appender) {
  return lines_.take_packets(packets, peers, appender,
                             [&](sdk::SampleWriter&, std::string_view packet,
                                 sdk::LineReport& report) { read(packet, report); });
}

void Statsd::read(std::string_view packet, sdk::LineReport& report) {
  const std::int64_t mono_ns = lines_.host().mono_ns();
  StatsdLine parsed;
  sdk::each_line(packet, [&](std::string_view line, std::uint64_t number) {
    if (line.empty()) return;
    report.count_line();
    if (!parsed.parse(line)) return report.bad_line(number, parsed.column(), parsed.fault());
    for (const Measure& measure : parsed.measures()) {
      std::string fault = aggregates_.take(parsed, measure, mono_ns);
      if (!fault.empty()) report.bad_sample(number, std::move(fault));
    }
  });
}

Status Statsd::flush(nx_appender* appender) {
  const std::int64_t now_ms = lines_.host().now_ms();
  const std::int64_t mono_ns = lines_.host().mono_ns();
  sdk::LineReport report;
  const Status status =
      lines_.take(lines_.appender(appender), true, report, [&](sdk::SampleWriter& writer) {
        aggregates_.each(mono_ns, [&](Aggregate& aggregate, bool expired) {
          write(aggregate, expired, now_ms, writer);
        });
      });
  if (!status.ok()) return status;
  if (!report.all_taken()) {
    lines_.host().warn("samples of a flush refused", {{"err", report.text()}});
  }
  aggregates_.end_interval(mono_ns);
  aggregate_count_.set(static_cast<double>(aggregates_.size()));
  return status;
}

void Statsd::write(Aggregate& aggregate, bool expired, std::int64_t now_ms,
                   sdk::SampleWriter& writer) {
  if (!aggregate.described) {
    writer.describe_family(aggregate.name, type_of(aggregate.shape), "Metric of StatsD.");
  }
  for (std::size_t i = 0; i < aggregate.rows.size(); ++i) {
    const Row& row = aggregate.rows[i];
    const double value = expired ? std::bit_cast<double>(NX_STALE_NAN_BITS) : aggregate.value_of(i);
    writer.add(row.key, now_ms, value, 0, [&](sdk::SeriesLabels& labels) {
      for (const auto& [name, text] : aggregate.labels) labels.add(name, text);
      lines_.add_labels({}, labels);
      labels.name(row.name);
      if (!row.dimension.first.empty()) labels.add(row.dimension.first, row.dimension.second);
      return std::string();
    });
  }
}

}  // namespace narthex::ingest::statsd
