// SPDX-License-Identifier: Apache-2.0
#include "query/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace narthex::query {

namespace {

constexpr char kName[] = "prometheus_engine_query_duration_seconds";
constexpr char kHelp[] = "Query timings";
constexpr char kRefused[] = "narthex_query_refused_total";
constexpr char kRefusedHelp[] =
    "Queries that were not run, or not to their end, because of a bound, by bound.";

}  // namespace

void SliceTimes::observe(std::int64_t ns) {
  const double seconds = static_cast<double>(ns) / 1e9;
  const std::lock_guard lock(mutex_);
  recent_[count_ % recent_.size()] = static_cast<float>(seconds);
  ++count_;
  sum_ += seconds;
}

void SliceTimes::gather(telemetry::Gathering& out, const char* slice) const {
  std::vector<float> sorted;
  double sum = 0;
  std::uint64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t known = std::min<std::size_t>(count_, recent_.size());
    sorted.assign(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(known));
    sum = sum_;
    count = count_;
  }
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [text, q] : {std::pair{"0.5", 0.5}, {"0.9", 0.9}, {"0.99", 0.99}}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    const double value = sorted.empty() ? std::nan("") : sorted[std::max<std::size_t>(rank, 1) - 1];
    out.gauge(kName, kHelp, {{"slice", slice}, {"quantile", text}}, value);
  }
  const Labels labels{{"slice", slice}};
  out.counter(std::string(kName) + "_sum", kHelp, labels, sum);
  out.counter(std::string(kName) + "_count", kHelp, labels, static_cast<double>(count));
}

Metrics::Metrics(telemetry::Registry& registry)
    : samples(registry.counter("prometheus_engine_query_samples_total",
                               "The total number of samples loaded by all queries.")),
      log_failures(registry.counter("prometheus_engine_query_log_failures_total",
                                    "The number of query log failures.")),
      refused_full(registry.counter(kRefused, kRefusedHelp, {{"bound", "queue"}})),
      refused_deadline(registry.counter(kRefused, kRefusedHelp, {{"bound", "deadline"}})),
      refused_memory(registry.counter(kRefused, kRefusedHelp, {{"bound", "memory"}})),
      killed(registry.counter("narthex_query_killed_total",
                              "Queries that were ended over the API.")) {}

void Metrics::gather(telemetry::Gathering& out) const {
  inner_eval.gather(out, "inner_eval");
  prepare_time.gather(out, "prepare_time");
  queue_time.gather(out, "queue_time");
  result_sort.gather(out, "result_sort");
}

}  // namespace narthex::query
