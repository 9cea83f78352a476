// SPDX-License-Identifier: Apache-2.0
// family.hpp - metric families as they are pushed: the data model of the text format 0.0.4 and of
// io.prometheus.client.MetricFamily, labels and values owned. Values; no thread rules.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::ingest::pushgateway {

// Numbers as in the protobuf message.
enum class FamilyType : std::uint8_t {
  kCounter = 0,
  kGauge = 1,
  kSummary = 2,
  kUntyped = 3,
  kHistogram = 4,
  kGaugeHistogram = 5
};
constexpr std::uint8_t kFamilyTypeCount = 6;
// "COUNTER", as the gateway's API and messages say it.
std::string_view name_of(FamilyType type);

using Label = std::pair<std::string, std::string>;

struct Bucket {
  double upper_bound = 0;
  double cumulative_count = 0;
};
struct Quantile {
  double quantile = 0;
  double value = 0;
};

// The sparse part of a histogram; custom buckets do not exist in the protobuf format.
struct NativeBuckets {
  std::int32_t schema = 0;
  bool is_float = false;
  double zero_threshold = 0;
  double zero_count = 0;
  std::vector<nx_span> negative_spans, positive_spans;
  std::vector<std::int64_t> negative_deltas, positive_deltas;  // integer histograms
  std::vector<double> negative_counts, positive_counts;        // float histograms
};

struct Metric {
  std::vector<Label> labels;
  // Which kind of value is there; a metric from protobuf may have another one than its family
  // says, or none.
  bool has_value = false;
  FamilyType kind = FamilyType::kUntyped;
  bool has_timestamp = false;
  bool float_counts = false;  // count and buckets came as floats
  double value = 0;           // counter, gauge, untyped
  double count = 0;           // summary, histogram
  double sum = 0;
  std::vector<Quantile> quantiles;
  std::vector<Bucket> buckets;
  std::shared_ptr<const NativeBuckets> native;  // null: a classic histogram
};

struct Family {
  std::string name;
  std::string help;
  FamilyType type = FamilyType::kUntyped;
  std::vector<Metric> metrics;
};

// Kinds match when they are equal; a gauge histogram's metrics carry a histogram.
constexpr FamilyType kind_of(FamilyType type) {
  return type == FamilyType::kGaugeHistogram ? FamilyType::kHistogram : type;
}

}  // namespace narthex::ingest::pushgateway
