// SPDX-License-Identifier: Apache-2.0
// metrics.hpp - what scraping tells of itself, under Prometheus's names. Thread-safe.
#pragma once

#include "telemetry/metrics.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace narthex::scrape {

// The last 512 distances between scrapes of one interval: quantiles come from them at gather time.
class IntervalLengths {
 public:
  void observe(double seconds);
  void gather(telemetry::Gathering& out, const std::string& interval) const;

 private:
  mutable std::mutex mutex_;
  std::array<float, 512> recent_{};  // guarded by mutex_, as all below
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

class ScrapeMetrics {
 public:
  explicit ScrapeMetrics(telemetry::Registry& registry);

  // Belongs to this object; the same for the same interval.
  IntervalLengths& interval_lengths(std::int64_t interval_ms);

  telemetry::Registry& registry;
  telemetry::Counter& pools;
  telemetry::Counter& pools_failed;
  telemetry::Counter& pool_reloads;
  telemetry::Counter& pool_reloads_failed;
  telemetry::Counter& over_target_limit;
  telemetry::Counter& over_label_limits;
  telemetry::Counter& over_body_size_limit;
  telemetry::Counter& over_sample_limit;
  telemetry::Counter& over_bucket_limit;
  telemetry::Counter& out_of_order;
  telemetry::Counter& out_of_bounds;
  telemetry::Counter& duplicate_timestamp;
  telemetry::Counter& exemplar_out_of_order;
  telemetry::Counter& refused;
  telemetry::Counter& store_failures;

 private:
  std::mutex mutex_;
  std::map<std::int64_t, IntervalLengths> lengths_;  // guarded by mutex_
  std::shared_ptr<void> gather_;
};

}  // namespace narthex::scrape
