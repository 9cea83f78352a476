// SPDX-License-Identifier: Apache-2.0
// destination_metrics.hpp - what a destination does, under the names that dashboards for Prometheus
// use (prometheus_remote_storage_*), labelled remote_name and url. The cells go with the object.
#pragma once

#include "remote_write/options.hpp"
#include "remote_write/send_outcome.hpp"
#include "telemetry/metrics.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::remote_write {

// Three cells of one meaning, by kind of row.
struct KindCells {
  telemetry::Cell* samples;
  telemetry::Cell* histograms;
  telemetry::Cell* exemplars;
  void add(const RowCounts& rows) const;
  void set(const RowCounts& rows) const;
};

class DestinationMetrics {
 public:
  // The registry outlives it.
  DestinationMetrics(telemetry::Registry& registry, const DestinationOptions& options);
  ~DestinationMetrics();
  DestinationMetrics(const DestinationMetrics&) = delete;
  DestinationMetrics& operator=(const DestinationMetrics&) = delete;

  // Rows that were not sent for another reason than a failure: dropped_series, too_old, ...
  telemetry::Counter& dropped(std::string_view reason, std::string_view kind);

 private:
  telemetry::Registry& registry_;
  const Labels labels_;
  std::vector<std::pair<std::string, Labels>> made_;
  std::map<std::string, telemetry::Counter*, std::less<>> dropped_;  // "reason kind"
  telemetry::Counter& counter(const std::string& name, const char* help);
  telemetry::Gauge& gauge(const std::string& name, const char* help);
  KindCells kinds(const std::string& ending, const char* help, bool gauges);

 public:
  const KindCells sent, failed, retried, pending;
  telemetry::Counter& bytes;
  telemetry::Counter& metadata_sent;
  telemetry::Counter& metadata_failed;
  telemetry::Counter& metadata_retried;
  telemetry::Counter& metadata_bytes;
  telemetry::Counter& enqueue_retries;
  telemetry::Gauge& highest_sent_s;
  telemetry::Gauge& shards;
  telemetry::Gauge& shards_desired;
  telemetry::Gauge& shard_capacity;
  telemetry::Gauge& shards_max;
  telemetry::Gauge& shards_min;
  telemetry::Gauge& max_samples_per_send;
  telemetry::Histogram& duration_s;
};

}  // namespace narthex::remote_write
