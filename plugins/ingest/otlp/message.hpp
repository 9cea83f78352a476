// SPDX-License-Identifier: Apache-2.0
// message.hpp - an OTLP metrics request as values, whichever way it was encoded. Times are in
// nanoseconds since 1970 as sent; attribute values are text already (any_value.hpp). No thread
// rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::ingest::otlp {

// In order of appearance; of a key that comes twice the first counts.
using Attributes = std::vector<std::pair<std::string, std::string>>;

inline const std::string* find_attribute(const Attributes& attributes, std::string_view key) {
  for (const auto& [name, value] : attributes) {
    if (name == key) return &value;
  }
  return nullptr;
}

struct Exemplar {
  std::uint64_t time_ns = 0;
  double value = 0;
  std::string trace_id;  // hexadecimal; empty: none
  std::string span_id;
  Attributes attributes;
};

struct ExponentialBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts;
};

// One point of any kind; a kind leaves what it does not have at its default.
struct DataPoint {
  Attributes attributes;
  std::uint64_t start_ns = 0;
  std::uint64_t time_ns = 0;
  bool no_recorded_value = false;
  double value = 0;  // gauge, sum
  // Histograms and summaries.
  std::uint64_t count = 0;
  bool has_sum = false;
  double sum = 0;
  std::vector<std::uint64_t> bucket_counts;  // explicit: one more than bounds
  std::vector<double> bounds;
  std::vector<std::pair<double, double>> quantiles;  // quantile, value
  std::int32_t scale = 0;                            // exponential, and all below
  std::uint64_t zero_count = 0;
  double zero_threshold = 0;
  ExponentialBuckets positive;
  ExponentialBuckets negative;
  std::vector<Exemplar> exemplars;
};

enum class MetricKind { kNone, kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };
enum class Temporality { kUnspecified = 0, kDelta = 1, kCumulative = 2 };

struct Metric {
  std::string name;
  std::string description;
  std::string unit;
  MetricKind kind = MetricKind::kNone;
  Temporality temporality = Temporality::kUnspecified;
  bool monotonic = false;
  std::vector<DataPoint> points;
};

struct ScopeMetrics {
  std::string name;
  std::string version;
  std::string schema_url;
  Attributes attributes;
  std::vector<Metric> metrics;
};

struct ResourceMetrics {
  Attributes attributes;
  std::vector<ScopeMetrics> scopes;
};

using MetricsRequest = std::vector<ResourceMetrics>;

}  // namespace narthex::ingest::otlp
