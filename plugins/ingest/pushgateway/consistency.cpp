// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/consistency.hpp"

#include <narthex/sdk/number.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>

namespace narthex::ingest::pushgateway {
namespace {

constexpr std::string_view kInstance = "instance";

void set_label(Metric& metric, const std::string& name, const std::string& value) {
  bool found = false;
  for (Label& label : metric.labels) {
    if (label.first != name || found) continue;
    label.second = value;
    found = true;
  }
  if (!found) metric.labels.emplace_back(name, value);
}

// Fewer labels first, then by values: the order of a gathered exposition.
bool shown_before(const Metric& a, const Metric& b) {
  if (a.labels.size() != b.labels.size()) return a.labels.size() < b.labels.size();
  return std::lexicographical_compare(
      a.labels.begin(), a.labels.end(), b.labels.begin(), b.labels.end(),
      [](const Label& x, const Label& y) { return x.second < y.second; });
}

std::string number_text(double value) {
  std::string out;
  sdk::append_exposition(out, value);
  return out;
}

std::string value_text(const Metric& metric) {
  if (!metric.has_value) return {};
  const std::string count =
      "{sample_count:" + number_text(metric.count) + " sample_sum:" + number_text(metric.sum) + "}";
  switch (metric.kind) {
    case FamilyType::kCounter:
      return " counter:{value:" + number_text(metric.value) + "}";
    case FamilyType::kGauge:
      return " gauge:{value:" + number_text(metric.value) + "}";
    case FamilyType::kSummary:
      return " summary:" + count;
    case FamilyType::kUntyped:
      return " untyped:{value:" + number_text(metric.value) + "}";
    default:
      return " histogram:" + count;
  }
}

// The label that lines of a summary or histogram get for their parts.
std::string_view reserved_label(FamilyType kind) {
  return kind == FamilyType::kSummary ? "quantile" : kind == FamilyType::kHistogram ? "le" : "";
}

std::string check_label(const Metric& metric, std::size_t index, FamilyType kind) {
  const auto& [name, value] = metric.labels[index];
  if (index > 0 && metric.labels[index - 1].first == name) {
    return "has two or more labels with the same name: " + name;
  }
  if (!is_label_name(name, NameRule::kAnyUtf8) || name.starts_with("__")) {
    return "has a label with an invalid name: " + name;
  }
  if (!sdk::is_utf8(value)) {
    return "has a label named " + sdk::quote(name) +
           " whose value is not utf8: " + sdk::quote(value);
  }
  if (name == reserved_label(kind)) {
    return "must not have an explicit " + sdk::quote(name) + " label";
  }
  return {};
}

// Spans and their buckets must tell the same story; what the numbers mean is the storage's to say.
bool is_whole(const std::vector<nx_span>& spans, std::size_t buckets) {
  std::uint64_t sum = 0;
  for (const nx_span& span : spans) sum += span.length;
  return sum == buckets;
}
std::string check_native(const Metric& metric) {
  if (metric.native == nullptr) return {};
  const NativeBuckets& n = *metric.native;
  const bool whole = n.is_float ? is_whole(n.positive_spans, n.positive_counts.size()) &&
                                      is_whole(n.negative_spans, n.negative_counts.size())
                                : is_whole(n.positive_spans, n.positive_deltas.size()) &&
                                      is_whole(n.negative_spans, n.negative_deltas.size());
  return whole ? "" : "has spans of a native histogram that do not match its buckets";
}

std::string check_metric(const Family& family, const Metric& metric) {
  const FamilyType kind = kind_of(family.type);
  if (!metric.has_value || metric.kind != kind) {
    return "is not a " + std::string(name_of(family.type));
  }
  for (std::size_t i = 0; i < metric.labels.size(); ++i) {
    std::string wrong = check_label(metric, i, kind);
    if (!wrong.empty()) return wrong;
  }
  return check_native(metric);
}

}  // namespace

void bring_into_group(Family& family, const GroupingKey& key) {
  for (Metric& metric : family.metrics) {
    for (const auto& [name, value] : key) set_label(metric, name, value);
    const bool has_instance =
        std::any_of(metric.labels.begin(), metric.labels.end(),
                    [](const Label& label) { return label.first == kInstance; });
    if (!has_instance) metric.labels.emplace_back(kInstance, "");
    std::stable_sort(metric.labels.begin(), metric.labels.end(),
                     [](const Label& a, const Label& b) { return a.first < b.first; });
  }
  std::stable_sort(family.metrics.begin(), family.metrics.end(), shown_before);
}

Status check_family(const Family& family) {
  if (!is_metric_name(family.name, NameRule::kAnyUtf8)) {
    return invalid_data("invalid metric name " + sdk::quote(family.name));
  }
  if (!sdk::is_utf8(family.help)) {
    return invalid_data("the help of " + sdk::quote(family.name) + " is not utf8");
  }
  for (const Metric& metric : family.metrics) {
    const std::string wrong = check_metric(family, metric);
    if (!wrong.empty()) return invalid_data(describe_metric(family.name, metric) + " " + wrong);
  }
  return {};
}

std::string describe_metric(std::string_view name, const Metric& metric) {
  std::string out = "collected metric " + sdk::quote(name) + " {";
  for (const auto& [label, value] : metric.labels) {
    out += " label:{name:" + sdk::quote(label) + " value:" + sdk::quote(value) + "}";
  }
  return out + value_text(metric) + "}";
}

std::string label_bytes(const Metric& metric) {
  std::string out;
  for (const auto& [name, value] : metric.labels) {
    for (const std::string& text : {name, value}) (out += text) += '\xFF';  // in no UTF-8
  }
  return out;
}

}  // namespace narthex::ingest::pushgateway
