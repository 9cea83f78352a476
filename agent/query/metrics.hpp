// SPDX-License-Identifier: Apache-2.0
// metrics.hpp - what running queries tells of itself, under Prometheus's names. Thread-safe.
#pragma once

#include "telemetry/metrics.hpp"

#include <array>
#include <cstdint>
#include <mutex>

namespace narthex::query {

// The last 1,024 times that a part of the work took: quantiles come from them at gather time.
class SliceTimes {
 public:
  void observe(std::int64_t ns);
  void gather(telemetry::Gathering& out, const char* slice) const;

 private:
  mutable std::mutex mutex_;
  std::array<float, 1024> recent_{};  // guarded by mutex_, as all below
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

struct Metrics {
  explicit Metrics(telemetry::Registry& registry);
  void gather(telemetry::Gathering& out) const;

  SliceTimes queue_time;
  SliceTimes prepare_time;
  SliceTimes inner_eval;
  SliceTimes result_sort;
  telemetry::Counter& samples;
  telemetry::Counter& log_failures;
  telemetry::Counter& refused_full;
  telemetry::Counter& refused_deadline;
  telemetry::Counter& refused_memory;
  telemetry::Counter& killed;
};

}  // namespace narthex::query
