// SPDX-License-Identifier: Apache-2.0
// delta_streams.hpp - sums of the delta points of each series, so that they can be stored as
// counters: Prometheus's otlp-deltatocumulative.
//
// A series that nobody has sent for `stale_ms` begins again at zero; there are at most streams_max
// of them, beyond that points of new series are refused. Thread-safe.
#pragma once

#include "plugins/ingest/otlp/message.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace narthex::ingest::otlp {

class DeltaStreams {
 public:
  DeltaStreams(std::size_t streams_max, std::int64_t stale_ms)
      : streams_max_(streams_max), stale_ms_(stale_ms) {}

  // Turns `point` into the sum of all points of its series so far, since the first one began.
  // NX_ERR_INVALID_DATA: it is not later than the one before; NX_ERR_EXHAUSTED: too many series.
  Status accumulate(const std::string& series, MetricKind kind, DataPoint& point,
                    std::int64_t now_ms);
  // Forgets what is stale.
  void forget(std::int64_t now_ms);
  std::size_t size() const;

 private:
  struct Stream {
    DataPoint sum;  // without attributes and exemplars
    std::int64_t seen_ms = 0;
  };

  const std::size_t streams_max_;
  const std::int64_t stale_ms_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Stream> streams_;  // guarded by mutex_
};

// Adds the buckets and numbers of an exponential histogram to another: the coarser scale of both
// is that of the result.
void add_exponential(DataPoint& sum, const DataPoint& point);

}  // namespace narthex::ingest::otlp
