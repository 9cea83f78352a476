// SPDX-License-Identifier: Apache-2.0
// translator.hpp - from an OTLP request to the series that Prometheus stores for it: names, labels
// of attributes, resource and scope, target_info, the parts of histograms and summaries.
//
// Used by one thread, for one request; the streams of deltas are shared.
#pragma once

#include "plugins/ingest/otlp/delta_streams.hpp"
#include "plugins/ingest/otlp/message.hpp"
#include "plugins/ingest/otlp/names.hpp"
#include "plugins/ingest/otlp/series_rows.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace narthex::ingest::otlp {

enum class DeltaHandling { kRefuse, kAccumulate, kStore };

struct TranslationOptions {
  NameStyle style;
  bool promote_all = false;
  std::set<std::string, std::less<>> attributes;  // promoted, or with promote_all: not promoted
  bool keep_identifying = false;
  bool promote_scope = false;
  bool histograms_to_nhcb = false;
  bool type_and_unit = false;  // as labels __type__ and __unit__
  DeltaHandling deltas = DeltaHandling::kRefuse;
};

class Translator {
 public:
  // All outlive it.
  Translator(const TranslationOptions& options, DeltaStreams& streams, SeriesRows& out,
             std::int64_t now_ms)
      : options_(options), streams_(streams), out_(out), now_ms_(now_ms) {}

  void translate(MetricsRequest& request);

  // Points that have no translation, and why the first has none.
  std::uint64_t rejected() const { return rejected_; }
  const std::string& reason() const { return reason_; }

 private:
  void metric(const ResourceMetrics& resource, const ScopeMetrics& scope, Metric& metric);
  void point(const Metric& metric, const std::string& name, const LabelMap& labels,
             DataPoint& point);
  void number(const Metric& metric, const std::string& name, const LabelMap& labels,
              const DataPoint& point);
  void classic_histogram(const std::string& name, const LabelMap& labels, const DataPoint& point);
  void native(const std::string& name, const LabelMap& labels, const DataPoint& point,
              Result<NativeHistogram> histogram);
  void summary(const std::string& name, const LabelMap& labels, const DataPoint& point);
  void target_info(const ResourceMetrics& resource);

  LabelMap labels_of(const ResourceMetrics& resource, const ScopeMetrics& scope,
                     const Attributes& attributes) const;
  void add_attributes(const Attributes& attributes, LabelMap& labels) const;
  void add_promoted(const Attributes& resource, LabelMap& labels) const;
  void reject(std::uint64_t points, std::string reason);

  const TranslationOptions& options_;
  DeltaStreams& streams_;
  SeriesRows& out_;
  const std::int64_t now_ms_;
  std::uint64_t rejected_ = 0;
  std::string reason_;
  std::uint64_t earliest_ns_ = 0;  // of the points of the resource
  std::uint64_t latest_ns_ = 0;
};

}  // namespace narthex::ingest::otlp
