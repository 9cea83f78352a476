// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/translator.hpp"

#include <narthex/sdk/metric_type.hpp>
#include <narthex/sdk/number.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <bit>
#include <climits>
#include <limits>
#include <utility>

namespace narthex::ingest::otlp {
namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::string_view kIdentifying[] = {"service.namespace", "service.name",
                                             "service.instance.id"};

bool is_identifying(std::string_view key) {
  return std::find(std::begin(kIdentifying), std::end(kIdentifying), key) != std::end(kIdentifying);
}

std::int64_t to_ms(std::uint64_t ns) { return static_cast<std::int64_t>(ns) / kNanosPerMs; }

double value_or_stale(const DataPoint& point, double value) {
  return point.no_recorded_value ? std::bit_cast<double>(NX_STALE_NAN_BITS) : value;
}

// Bounds as the reference writes them: never with an exponent.
std::string bound_text(double bound) {
  std::string out;
  sdk::detail::append_double(out, bound, INT_MIN, INT_MAX);
  return out;
}

void add_identity(const Attributes& resource, LabelMap& labels) {
  if (const std::string* service = find_attribute(resource, "service.name")) {
    const std::string* space = find_attribute(resource, "service.namespace");
    labels["job"] = space != nullptr ? *space + "/" + *service : *service;
  }
  if (const std::string* id = find_attribute(resource, "service.instance.id")) {
    labels["instance"] = *id;
  }
}

LabelMap with(LabelMap labels, std::string_view name, std::string value) {
  labels.insert_or_assign(std::string(name), std::move(value));
  return labels;
}

bool has_temporality(MetricKind kind) {
  return kind == MetricKind::kSum || kind == MetricKind::kHistogram ||
         kind == MetricKind::kExponentialHistogram;
}

std::uint32_t stored_type(const Metric& metric, bool is_delta) {
  if (is_delta) return NX_TYPE_UNKNOWN;  // there is no type for what is stored as it came
  switch (metric.kind) {
    case MetricKind::kGauge:
      return NX_TYPE_GAUGE;
    case MetricKind::kSum:
      return metric.monotonic ? NX_TYPE_COUNTER : NX_TYPE_GAUGE;
    case MetricKind::kHistogram:
    case MetricKind::kExponentialHistogram:
      return NX_TYPE_HISTOGRAM;
    case MetricKind::kSummary:
      return NX_TYPE_SUMMARY;
    default:
      return NX_TYPE_UNKNOWN;
  }
}

Sample sample_at(const DataPoint& point, double value) {
  return {to_ms(point.time_ns), to_ms(point.start_ns), value_or_stale(point, value)};
}

}  // namespace

void Translator::reject(std::uint64_t points, std::string reason) {
  rejected_ += points;
  if (reason_.empty()) reason_ = std::move(reason);
}

void Translator::translate(MetricsRequest& request) {
  for (ResourceMetrics& resource : request) {
    earliest_ns_ = std::numeric_limits<std::uint64_t>::max();
    latest_ns_ = 0;
    for (ScopeMetrics& scope : resource.scopes) {
      for (Metric& m : scope.metrics) metric(resource, scope, m);
    }
    if (earliest_ns_ != std::numeric_limits<std::uint64_t>::max()) target_info(resource);
  }
}

void Translator::metric(const ResourceMetrics& resource, const ScopeMetrics& scope, Metric& m) {
  for (const DataPoint& p : m.points) {
    earliest_ns_ = std::min(earliest_ns_, p.time_ns);
    latest_ns_ = std::max(latest_ns_, p.time_ns);
  }
  const std::string quoted = sdk::quote_excerpt(m.name);
  if (m.kind == MetricKind::kNone) return reject(1, "metric " + quoted + " has no data");
  const bool is_delta = has_temporality(m.kind) && m.temporality == Temporality::kDelta;
  const bool fits = !has_temporality(m.kind) || m.temporality == Temporality::kCumulative ||
                    (is_delta && options_.deltas != DeltaHandling::kRefuse);
  if (!fits) {
    return reject(m.points.size(), "invalid temporality and type combination for metric " + quoted);
  }
  const std::string name = metric_name(m, options_.style);
  if (name.empty()) return reject(m.points.size(), "metric " + quoted + " has no name to store");
  const bool accumulate = is_delta && options_.deltas == DeltaHandling::kAccumulate;
  if (accumulate) m.temporality = Temporality::kCumulative;
  const std::uint32_t type = stored_type(m, is_delta && !accumulate);
  out_.describe(name, type, m);
  const std::string_view type_text = options_.type_and_unit ? view(sdk::type_label(type)) : "";
  const std::string unit_text = options_.type_and_unit ? unit_name(m.unit) : "";
  for (DataPoint& p : m.points) {
    LabelMap labels = labels_of(resource, scope, p.attributes);
    if (!type_text.empty()) labels["__type__"] = type_text;
    if (!unit_text.empty()) labels["__unit__"] = unit_text;
    if (accumulate) {
      std::string series = name;
      for (const auto& [label, value] : labels) {
        for (const std::string& text : {label, value}) (series += '\xFF') += text;
      }
      const Status added = streams_.accumulate(series, m.kind, p, now_ms_);
      if (!added.ok()) {
        reject(1, added.message() + " of metric " + quoted);
        continue;
      }
    }
    point(m, name, labels, p);
  }
}

void Translator::point(const Metric& m, const std::string& name, const LabelMap& labels,
                       DataPoint& p) {
  switch (m.kind) {
    case MetricKind::kHistogram:
      if (options_.histograms_to_nhcb) {
        native(name, labels, p, from_explicit(p, m.temporality));
      } else {
        classic_histogram(name, labels, p);
      }
      break;
    case MetricKind::kExponentialHistogram:
      native(name, labels, p, from_exponential(p, m.temporality));
      break;
    case MetricKind::kSummary:
      summary(name, labels, p);
      break;
    default:
      number(m, name, labels, p);
  }
}

void Translator::number(const Metric& m, const std::string& name, const LabelMap& labels,
                        const DataPoint& p) {
  const std::uint32_t series = out_.series(name, labels);
  out_.add(series, sample_at(p, p.value));
  if (m.kind != MetricKind::kSum) return;
  for (const Exemplar& e : p.exemplars) out_.add_exemplar(series, e);
}

void Translator::classic_histogram(const std::string& name, const LabelMap& labels,
                                   const DataPoint& p) {
  if (p.has_sum) out_.add(out_.series(name + "_sum", labels), sample_at(p, p.sum));
  const auto count = static_cast<double>(p.count);
  out_.add(out_.series(name + "_count", labels), sample_at(p, count));
  std::vector<std::pair<double, std::uint32_t>> buckets;
  std::uint64_t below = 0;
  const std::string bucket_name = name + "_bucket";
  for (std::size_t i = 0; i < p.bounds.size() && i < p.bucket_counts.size(); ++i) {
    below += p.bucket_counts[i];
    buckets.emplace_back(p.bounds[i],
                         out_.series(bucket_name, with(labels, "le", bound_text(p.bounds[i]))));
    out_.add(buckets.back().second, sample_at(p, static_cast<double>(below)));
  }
  buckets.emplace_back(std::numeric_limits<double>::infinity(),
                       out_.series(bucket_name, with(labels, "le", "+Inf")));
  out_.add(buckets.back().second, sample_at(p, count));
  std::stable_sort(buckets.begin(), buckets.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const Exemplar& e : p.exemplars) {
    const auto at = std::find_if(buckets.begin(), buckets.end(),
                                 [&](const auto& b) { return e.value <= b.first; });
    if (at != buckets.end()) out_.add_exemplar(at->second, e);
  }
}

void Translator::native(const std::string& name, const LabelMap& labels, const DataPoint& p,
                        Result<NativeHistogram> histogram) {
  if (!histogram.ok()) return reject(1, histogram.status().message());
  const std::uint32_t series = out_.series(name, labels);
  out_.add(series, sample_at(p, 0), *std::move(histogram));
  for (const Exemplar& e : p.exemplars) out_.add_exemplar(series, e);
}

void Translator::summary(const std::string& name, const LabelMap& labels, const DataPoint& p) {
  out_.add(out_.series(name + "_sum", labels), sample_at(p, p.sum));
  out_.add(out_.series(name + "_count", labels), sample_at(p, static_cast<double>(p.count)));
  for (const auto& [quantile, value] : p.quantiles) {
    out_.add(out_.series(name, with(labels, "quantile", bound_text(quantile))),
             sample_at(p, value));
  }
}

// ---- labels

// Attributes in the order of their keys; those that become one label are joined.
void Translator::add_attributes(const Attributes& attributes, LabelMap& labels) const {
  std::vector<const std::pair<std::string, std::string>*> sorted;
  for (const auto& attribute : attributes) sorted.push_back(&attribute);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const auto* attribute : sorted) {
    const std::string name = label_name(attribute->first, options_.style);
    const auto [at, is_new] = labels.try_emplace(name, attribute->second);
    if (!is_new) at->second += ";" + attribute->second;
  }
}

void Translator::add_promoted(const Attributes& resource, LabelMap& labels) const {
  Attributes promoted;
  for (const auto& attribute : resource) {
    if (options_.attributes.contains(attribute.first) != options_.promote_all) {
      promoted.push_back(attribute);
    }
  }
  std::stable_sort(promoted.begin(), promoted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, value] : promoted) {
    labels.try_emplace(label_name(key, options_.style), value);
  }
}

LabelMap Translator::labels_of(const ResourceMetrics& resource, const ScopeMetrics& scope,
                               const Attributes& attributes) const {
  LabelMap labels;
  add_attributes(attributes, labels);
  add_promoted(resource.attributes, labels);
  if (options_.promote_scope && !scope.name.empty()) {
    labels["otel_scope_name"] = scope.name;
    labels["otel_scope_version"] = scope.version;
    labels["otel_scope_schema_url"] = scope.schema_url;
    for (const auto& [key, value] : scope.attributes) {
      labels[label_name("otel_scope_" + key, options_.style)] = value;
    }
  }
  add_identity(resource.attributes, labels);
  return labels;
}

// The resource itself as a series, from its earliest point to its latest one, often enough that a
// query at any time between them finds it.
void Translator::target_info(const ResourceMetrics& resource) {
  constexpr std::uint64_t kIntervalNs = 150ull * 1'000'000'000;  // half of the lookback
  constexpr std::uint64_t kSamplesMax = 10'000;
  Attributes shown;
  bool only_identifying = true;
  for (const auto& attribute : resource.attributes) {
    const bool identifying = is_identifying(attribute.first);
    only_identifying = only_identifying && identifying;
    if (!identifying || options_.keep_identifying) shown.push_back(attribute);
  }
  if (only_identifying) return;
  LabelMap labels;
  add_attributes(shown, labels);
  add_identity(resource.attributes, labels);
  if (!labels.contains("job") && !labels.contains("instance")) return;
  const std::uint32_t series = out_.series("target_info", labels);
  std::int64_t last_ms = std::numeric_limits<std::int64_t>::min();
  const std::uint64_t step = std::max(kIntervalNs, (latest_ns_ - earliest_ns_) / kSamplesMax);
  for (std::uint64_t t = earliest_ns_; t < latest_ns_; t += step) {
    last_ms = to_ms(t);
    out_.add(series, {last_ms, 0, 1});
    if (latest_ns_ - t <= step) break;
  }
  if (last_ms < to_ms(latest_ns_)) out_.add(series, {to_ms(latest_ns_), 0, 1});
}

}  // namespace narthex::ingest::otlp
