// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/delta_streams.hpp"

#include "plugins/ingest/otlp/native_histogram.hpp"

#include <algorithm>
#include <utility>

namespace narthex::ingest::otlp {
namespace {

ExponentialBuckets coarser(const ExponentialBuckets& buckets, int by) {
  if (by == 0 || buckets.counts.empty()) return buckets;
  const auto index_of = [&](std::size_t i) {
    return (static_cast<std::int64_t>(buckets.offset) + static_cast<std::int64_t>(i)) >> by;
  };
  ExponentialBuckets out;
  out.offset = static_cast<std::int32_t>(index_of(0));
  for (std::size_t i = 0; i < buckets.counts.size(); ++i) {
    const auto at = static_cast<std::size_t>(index_of(i) - out.offset);
    if (at >= out.counts.size()) out.counts.resize(at + 1);
    out.counts[at] += buckets.counts[i];
  }
  return out;
}

std::int64_t end_of(const ExponentialBuckets& buckets) {
  return static_cast<std::int64_t>(buckets.offset) +
         static_cast<std::int64_t>(buckets.counts.size());
}

// How many buckets both together span.
std::int64_t width(const ExponentialBuckets& a, const ExponentialBuckets& b) {
  if (a.counts.empty() || b.counts.empty()) return 0;
  return std::max(end_of(a), end_of(b)) - std::min(a.offset, b.offset);
}

void add_buckets(ExponentialBuckets& sum, const ExponentialBuckets& more) {
  if (more.counts.empty()) return;
  if (sum.counts.empty()) {
    sum = more;
    return;
  }
  if (more.offset < sum.offset) {
    sum.counts.insert(sum.counts.begin(), static_cast<std::size_t>(sum.offset - more.offset), 0);
    sum.offset = more.offset;
  }
  const auto shift = static_cast<std::size_t>(more.offset - sum.offset);
  sum.counts.resize(std::max(sum.counts.size(), shift + more.counts.size()));
  for (std::size_t i = 0; i < more.counts.size(); ++i) sum.counts[shift + i] += more.counts[i];
}

void add_explicit(DataPoint& sum, const DataPoint& point) {
  for (std::size_t i = 0; i < sum.bucket_counts.size(); ++i) {
    sum.bucket_counts[i] += point.bucket_counts[i];
  }
  sum.count += point.count;
  sum.has_sum = sum.has_sum && point.has_sum;
  sum.sum += point.sum;
}

// Histograms with other bounds cannot be added: the series begins again.
bool can_add(const DataPoint& sum, const DataPoint& point) {
  return sum.bounds == point.bounds && sum.bucket_counts.size() == point.bucket_counts.size();
}

void add_point(DataPoint& sum, MetricKind kind, const DataPoint& point) {
  if (kind == MetricKind::kSum) {
    sum.value += point.value;
  } else if (kind == MetricKind::kExponentialHistogram) {
    add_exponential(sum, point);
  } else if (can_add(sum, point)) {
    add_explicit(sum, point);
  } else {
    sum = point;
  }
  sum.time_ns = point.time_ns;
}

}  // namespace

void add_exponential(DataPoint& sum, const DataPoint& point) {
  constexpr std::int64_t kBucketsMax = 4096;
  constexpr std::int32_t kScaleMin = -40;
  std::int32_t scale = std::min(sum.scale, point.scale);
  DataPoint more = point;
  const auto rescale = [&](DataPoint& p) {
    const int by =
        static_cast<int>(std::min<std::int64_t>(std::int64_t{p.scale} - std::int64_t{scale}, 62));
    p.positive = coarser(p.positive, by);
    p.negative = coarser(p.negative, by);
    p.scale = scale;
  };
  rescale(sum);
  rescale(more);
  // Far apart buckets would be a long row of zeros between them.
  while (scale > kScaleMin && std::max(width(sum.positive, more.positive),
                                       width(sum.negative, more.negative)) > kBucketsMax) {
    --scale;
    rescale(sum);
    rescale(more);
  }
  add_buckets(sum.positive, more.positive);
  add_buckets(sum.negative, more.negative);
  sum.zero_count += more.zero_count;
  sum.zero_threshold = std::max(sum.zero_threshold, more.zero_threshold);
  sum.count += more.count;
  sum.has_sum = sum.has_sum && more.has_sum;
  sum.sum += more.sum;
}

Status DeltaStreams::accumulate(const std::string& series, MetricKind kind, DataPoint& point,
                                std::int64_t now_ms) {
  if (kind == MetricKind::kExponentialHistogram) {
    const Status usable = check_exponential(point);
    if (!usable.ok()) return usable;
  }
  const std::lock_guard lock(mutex_);
  auto at = streams_.find(series);
  if (at != streams_.end() && now_ms - at->second.seen_ms > stale_ms_) {
    streams_.erase(at);
    at = streams_.end();
  }
  if (at == streams_.end()) {
    if (streams_.size() >= streams_max_) {
      return {NX_ERR_EXHAUSTED,
              "more than " + std::to_string(streams_max_) + " series with delta temporality"};
    }
    Stream fresh{point, now_ms};
    fresh.sum.attributes.clear();
    fresh.sum.exemplars.clear();
    streams_.emplace(series, std::move(fresh));
    return {};
  }
  Stream& stream = at->second;
  if (point.time_ns <= stream.sum.time_ns || point.start_ns < stream.sum.start_ns) {
    return invalid_data("out of order delta point");
  }
  stream.seen_ms = now_ms;
  add_point(stream.sum, kind, point);
  DataPoint cumulative = stream.sum;
  cumulative.attributes = std::move(point.attributes);
  cumulative.exemplars = std::move(point.exemplars);
  cumulative.no_recorded_value = point.no_recorded_value;
  point = std::move(cumulative);
  return {};
}

void DeltaStreams::forget(std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_,
                [&](const auto& entry) { return now_ms - entry.second.seen_ms > stale_ms_; });
}

std::size_t DeltaStreams::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

}  // namespace narthex::ingest::otlp
