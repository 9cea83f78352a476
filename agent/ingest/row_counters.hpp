// SPDX-License-Identifier: Apache-2.0
// row_counters.hpp - what became of the samples of one receiver, as metrics. Thread-safe.
#pragma once

#include "telemetry/metrics.hpp"

#include <narthex/data.h>

#include <string>

namespace narthex::ingest {

class RowCounters {
 public:
  RowCounters(telemetry::Registry& registry, const std::string& receiver);
  void count(const nx_append_result& result);

 private:
  telemetry::Registry& registry_;
  const std::string receiver_;
  telemetry::Counter& samples_;
};

}  // namespace narthex::ingest
