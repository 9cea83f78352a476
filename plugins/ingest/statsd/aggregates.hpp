// SPDX-License-Identifier: Apache-2.0
// aggregates.hpp - what StatsD's measures add up to: counters and observations since the start,
// gauges as they stand, sets and quantiles of the current interval. A flush shows all of it as
// rows.
//
// Bounded by the number of series; a series that nobody measured for its ttl ends with a staleness
// marker. Not thread-safe.
#pragma once

#include "plugins/ingest/statsd/mapping.hpp"
#include "plugins/ingest/statsd/observations.hpp"
#include "plugins/ingest/statsd/statsd_line.hpp"

#include <narthex/sdk/line_ingest.hpp>
#include <narthex/sdk/series_cache.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace narthex::ingest::statsd {

enum class Shape { kCounter, kGauge, kSet, kSummary, kHistogram };

// One series of the storage.
struct Row {
  sdk::SeriesKey key;
  std::string name;                                    // with _sum, _count, _bucket
  std::pair<std::string_view, std::string> dimension;  // le or quantile; or empty
};

// What one metric with one set of labels adds up to.
struct Aggregate {
  Shape shape = Shape::kCounter;
  std::string name;
  sdk::OwnedLabels labels;
  ObserverShape observer;
  std::int64_t ttl_ms = 0;
  std::vector<Row> rows;
  std::int64_t touched_ns = 0;  // on the monotonic clock
  bool described = false;       // its family was stored

  double value = 0;  // of a counter or gauge
  double sum = 0, count = 0;
  BucketCounts buckets;
  IntervalSample sample;
  std::unordered_set<std::uint64_t> members;

  void take(const Measure& measure);
  double value_of(std::size_t row);
  void end_interval();
};

struct AggregateOptions {
  ObserverShape observer;
  std::int64_t ttl_ms = 0;
  std::size_t series_max = 100'000;
  bool legacy_names = true;
};

class Aggregates {
 public:
  Aggregates(AggregateOptions options, Mapping mapping)
      : options_(std::move(options)), mapping_(std::move(mapping)) {}

  // Takes a measure; what is wrong, or nothing.
  std::string take(const StatsdLine& line, const Measure& measure, std::int64_t mono_ns);
  // Calls use(aggregate, expired) for each. Expired ones go with end_interval().
  template <class Use>
  void each(std::int64_t mono_ns, Use&& use) {
    for (auto& [key, aggregate] : all_) use(*aggregate, is_expired(*aggregate, mono_ns));
  }
  // After a flush was stored.
  void end_interval(std::int64_t mono_ns);
  std::size_t size() const { return all_.size(); }

 private:
  struct KeyHash {
    std::size_t operator()(const sdk::SeriesKey& key) const { return key.low; }
  };
  struct Found {
    Aggregate* aggregate = nullptr;  // null: dropped by a rule, unless there is a fault
    std::string fault;
  };
  Found find(const StatsdLine& line, Kind kind);
  Found make(std::string name, sdk::OwnedLabels labels, Kind kind, const Mapped* mapped);
  std::string claim_name(const Aggregate& aggregate);
  static bool is_expired(const Aggregate& aggregate, std::int64_t mono_ns);

  const AggregateOptions options_;
  const Mapping mapping_;
  std::unordered_map<sdk::SeriesKey, std::unique_ptr<Aggregate>, KeyHash> all_;
  std::unordered_map<sdk::SeriesKey, Aggregate*, KeyHash> by_text_;  // as sent; null: dropped
  std::map<std::string, std::pair<Shape, std::size_t>, std::less<>> names_;  // and how many have it
};

}  // namespace narthex::ingest::statsd
