// SPDX-License-Identifier: Apache-2.0
#include "remote_write/destination_metrics.hpp"

namespace narthex::remote_write {
namespace {

constexpr const char* kPrefix = "prometheus_remote_storage_";
constexpr double kDurationBounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                      2.5,   5,    10,    25,   60,  120,  300};

}  // namespace

void KindCells::add(const RowCounts& rows) const {
  if (rows.samples != 0) samples->add(static_cast<double>(rows.samples));
  if (rows.histograms != 0) histograms->add(static_cast<double>(rows.histograms));
  if (rows.exemplars != 0) exemplars->add(static_cast<double>(rows.exemplars));
}

void KindCells::set(const RowCounts& rows) const {
  samples->set(static_cast<double>(rows.samples));
  histograms->set(static_cast<double>(rows.histograms));
  exemplars->set(static_cast<double>(rows.exemplars));
}

telemetry::Counter& DestinationMetrics::counter(const std::string& name, const char* help) {
  made_.emplace_back(kPrefix + name, labels_);
  return registry_.counter(made_.back().first, help, labels_);
}

telemetry::Gauge& DestinationMetrics::gauge(const std::string& name, const char* help) {
  made_.emplace_back(kPrefix + name, labels_);
  return registry_.gauge(made_.back().first, help, labels_);
}

KindCells DestinationMetrics::kinds(const std::string& ending, const char* help, bool gauges) {
  const auto make = [&](const char* kind) {
    return gauges ? &gauge(kind + ending, help) : &counter(kind + ending, help);
  };
  return {make("samples"), make("histograms"), make("exemplars")};
}

telemetry::Counter& DestinationMetrics::dropped(std::string_view reason, std::string_view kind) {
  const std::string key = std::string(reason) + ' ' + std::string(kind);
  const auto known = dropped_.find(key);
  if (known != dropped_.end()) return *known->second;
  Labels labels = labels_;
  labels.set("reason", reason);
  made_.emplace_back(kPrefix + std::string(kind) + "_dropped_total", labels);
  telemetry::Counter& made =
      registry_.counter(made_.back().first,
                        "Rows read from the log that were not sent: dropped by relabeling, too "
                        "old, or gone from the log before their turn.",
                        labels);
  dropped_.emplace(key, &made);
  return made;
}

DestinationMetrics::DestinationMetrics(telemetry::Registry& registry,
                                       const DestinationOptions& options)
    : registry_(registry),
      labels_{{"remote_name", options.name}, {"url", options.shown_url}},
      sent(kinds("_total", "Rows sent to remote storage.", false)),
      failed(kinds("_failed_total", "Rows that remote storage refused for good.", false)),
      retried(kinds("_retried_total", "Rows whose request is sent again.", false)),
      pending(kinds("_pending", "Rows in memory that wait for being sent.", true)),
      bytes(counter("bytes_total", "Bytes of rows sent, packed.")),
      metadata_sent(counter("metadata_total", "Metadata entries sent.")),
      metadata_failed(counter("metadata_failed_total", "Metadata entries refused for good.")),
      metadata_retried(counter("metadata_retried_total", "Metadata entries sent again.")),
      metadata_bytes(counter("metadata_bytes_total", "Bytes of metadata sent, packed.")),
      enqueue_retries(
          counter("enqueue_retries_total", "How often reading the log waited for a full shard.")),
      highest_sent_s(gauge("queue_highest_sent_timestamp_seconds",
                           "Timestamp of the newest sample that was sent.")),
      shards(gauge("shards", "Shards that send in parallel.")),
      shards_desired(gauge("shards_desired", "Shards that the reckoning asks for.")),
      shard_capacity(gauge("shard_capacity", "Rows that a shard holds in memory.")),
      shards_max(gauge("shards_max", "Most shards there may be.")),
      shards_min(gauge("shards_min", "Fewest shards there may be.")),
      max_samples_per_send(gauge("max_samples_per_send", "Most rows of a request.")),
      duration_s([&]() -> telemetry::Histogram& {
        made_.emplace_back(std::string(kPrefix) + "sent_batch_duration_seconds", labels_);
        return registry.histogram(made_.back().first, "Duration of requests to remote storage.",
                                  kDurationBounds, labels_);
      }()) {
  shard_capacity.set(static_cast<double>(options.queue.capacity));
  shards_max.set(static_cast<double>(options.queue.max_shards));
  shards_min.set(static_cast<double>(options.queue.min_shards));
  max_samples_per_send.set(static_cast<double>(options.queue.max_samples_per_send));
}

DestinationMetrics::~DestinationMetrics() {
  for (const auto& [name, labels] : made_) registry_.remove(name, labels);
}

}  // namespace narthex::remote_write
