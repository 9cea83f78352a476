// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/json_request.hpp"

#include "plugins/ingest/otlp/any_value.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <utility>

namespace narthex::ingest::otlp {
namespace {

using sdk::Value;

// "bucketCounts" is "bucket_counts", too.
std::string snake_case(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      (out += '_') += static_cast<char>(c + 32);
    } else {
      out += c;
    }
  }
  return out;
}

Value member(Value table, std::string_view name) {
  const Value found = table[name];
  return found ? found : table[snake_case(name)];
}

[[noreturn]] void wrong(std::string_view name, std::string_view wanted) {
  throw sdk::Error(NX_ERR_INVALID_DATA,
                   "json: " + std::string(name) + " is no " + std::string(wanted));
}

std::span<const nx_value> list(Value table, std::string_view name) {
  const Value found = member(table, name);
  if (found && found.type() != NX_ARRAY) wrong(name, "array");
  return found.items();
}

std::string text(Value table, std::string_view name) {
  const Value found = member(table, name);
  if (found && found.type() != NX_STRING) wrong(name, "string");
  return found.get<std::string>();
}

bool truth(Value table, std::string_view name) {
  const Value found = member(table, name);
  if (found && found.type() != NX_BOOL) wrong(name, "boolean");
  return found.get<bool>();
}

template <class Int>
Int integer_of(Value value, std::string_view name) {
  if (!value) return 0;
  if (value.type() == NX_INT) {
    const auto number = value.get<std::int64_t>();
    if (std::in_range<Int>(number)) return static_cast<Int>(number);
  } else if (value.type() == NX_FLOAT) {
    const double number = value.get<double>();
    constexpr double kExact = 9007199254740992.0;  // 2^53
    constexpr double kLeast =
        std::max(-kExact, static_cast<double>(std::numeric_limits<Int>::min()));
    constexpr double kMost = std::min(kExact, static_cast<double>(std::numeric_limits<Int>::max()));
    if (number == std::trunc(number) && number >= kLeast && number <= kMost) {
      return static_cast<Int>(number);
    }
  } else if (value.type() == NX_STRING) {
    const auto digits = value.get<std::string_view>();
    Int number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    if (error == std::errc() && stop == end) return number;
  }
  wrong(name, "integer of its size");
}

template <class Int>
Int integer(Value table, std::string_view name) {
  return integer_of<Int>(member(table, name), name);
}

double number_of(Value value, std::string_view name) {
  if (!value) return 0;
  if (value.type() == NX_INT || value.type() == NX_FLOAT) return value.get<double>();
  double number = 0;
  if (value.type() != NX_STRING ||
      sdk::parse_number(value.get<std::string_view>(), number) != sdk::NumberError::kNone) {
    wrong(name, "number");
  }
  return number;
}

double number(Value table, std::string_view name) { return number_of(member(table, name), name); }

// ---- attributes

std::string any(Value value, bool nested);

std::string any_list(Value value) {
  std::string out = "[";
  for (const nx_value& item : list(value, "values")) {
    if (out.size() > 1) out += ',';
    out += any(Value(&item), true);
  }
  return out + "]";
}

std::string any_map(Value value) {
  std::map<std::string, std::string> entries;
  for (const nx_value& item : list(value, "values")) {
    const Value pair(&item);
    entries.insert_or_assign(text(pair, "key"), any(member(pair, "value"), true));
  }
  return json_object(entries);
}

// The tree's depth is limited by the parser.
std::string any(Value value, bool nested) {
  for (const std::string_view name : {"stringValue", "bytesValue"}) {
    if (!member(value, name)) continue;
    const std::string plain = text(value, name);
    if (!nested) return plain;
    std::string out;
    append_json_string(out, plain);
    return out;
  }
  if (member(value, "boolValue")) return truth(value, "boolValue") ? "true" : "false";
  if (member(value, "intValue")) return std::to_string(integer<std::int64_t>(value, "intValue"));
  if (member(value, "doubleValue")) return double_text(number(value, "doubleValue"));
  if (const Value array = member(value, "arrayValue")) return any_list(array);
  if (const Value map = member(value, "kvlistValue")) return any_map(map);
  return nested ? "null" : "";
}

Attributes attributes(Value table, std::string_view name = "attributes") {
  Attributes out;
  for (const nx_value& item : list(table, name)) {
    const Value pair(&item);
    out.emplace_back(text(pair, "key"), any(member(pair, "value"), false));
  }
  return out;
}

// ---- points

std::string id(Value table, std::string_view name) {
  std::string out;
  for (const char c : text(table, name)) {
    const bool upper = c >= 'A' && c <= 'F';
    if (!upper && !(c >= 'a' && c <= 'f') && !sdk::detail::is_digit(c)) wrong(name, "hexadecimal");
    out += upper ? static_cast<char>(c + 32) : c;
  }
  return out;
}

double point_value(Value table) {
  return member(table, "asInt") ? static_cast<double>(integer<std::int64_t>(table, "asInt"))
                                : number(table, "asDouble");
}

std::vector<std::uint64_t> counts(Value table, std::string_view name) {
  std::vector<std::uint64_t> out;
  for (const nx_value& item : list(table, name)) {
    out.push_back(integer_of<std::uint64_t>(Value(&item), name));
  }
  return out;
}

std::vector<Exemplar> exemplars(Value table) {
  std::vector<Exemplar> out;
  for (const nx_value& item : list(table, "exemplars")) {
    const Value from(&item);
    out.push_back({integer<std::uint64_t>(from, "timeUnixNano"), point_value(from),
                   id(from, "traceId"), id(from, "spanId"),
                   attributes(from, "filteredAttributes")});
  }
  return out;
}

ExponentialBuckets exponential_buckets(Value from) {
  return {integer<std::int32_t>(from, "offset"), counts(from, "bucketCounts")};
}

DataPoint read_point(Value from) {
  DataPoint point;
  point.attributes = attributes(from);
  point.start_ns = integer<std::uint64_t>(from, "startTimeUnixNano");
  point.time_ns = integer<std::uint64_t>(from, "timeUnixNano");
  point.no_recorded_value = (integer<std::uint32_t>(from, "flags") & 1) != 0;
  point.value = point_value(from);
  point.count = integer<std::uint64_t>(from, "count");
  point.has_sum = bool(member(from, "sum"));
  point.sum = number(from, "sum");
  point.bucket_counts = counts(from, "bucketCounts");
  for (const nx_value& item : list(from, "explicitBounds")) {
    point.bounds.push_back(number_of(Value(&item), "explicitBounds"));
  }
  for (const nx_value& item : list(from, "quantileValues")) {
    point.quantiles.emplace_back(number(Value(&item), "quantile"), number(Value(&item), "value"));
  }
  point.scale = integer<std::int32_t>(from, "scale");
  point.zero_count = integer<std::uint64_t>(from, "zeroCount");
  point.zero_threshold = number(from, "zeroThreshold");
  point.positive = exponential_buckets(member(from, "positive"));
  point.negative = exponential_buckets(member(from, "negative"));
  point.exemplars = exemplars(from);
  return point;
}

Temporality temporality(Value table) {
  const Value found = member(table, "aggregationTemporality");
  if (found.type() == NX_STRING) {
    const auto name = found.get<std::string_view>();
    return name == "AGGREGATION_TEMPORALITY_DELTA"        ? Temporality::kDelta
           : name == "AGGREGATION_TEMPORALITY_CUMULATIVE" ? Temporality::kCumulative
                                                          : Temporality::kUnspecified;
  }
  const auto code = integer<std::int32_t>(table, "aggregationTemporality");
  return code == 1 || code == 2 ? static_cast<Temporality>(code) : Temporality::kUnspecified;
}

Metric read_metric_json(Value from) {
  constexpr std::pair<std::string_view, MetricKind> kKinds[] = {
      {"gauge", MetricKind::kGauge},
      {"sum", MetricKind::kSum},
      {"histogram", MetricKind::kHistogram},
      {"exponentialHistogram", MetricKind::kExponentialHistogram},
      {"summary", MetricKind::kSummary}};
  Metric metric;
  metric.name = text(from, "name");
  metric.description = text(from, "description");
  metric.unit = text(from, "unit");
  for (const auto& [name, kind] : kKinds) {
    const Value body = member(from, name);
    if (!body) continue;
    if (body.type() != NX_TABLE) wrong(name, "object");
    metric.kind = kind;
    metric.temporality = temporality(body);
    metric.monotonic = truth(body, "isMonotonic");
    for (const nx_value& item : list(body, "dataPoints")) {
      metric.points.push_back(read_point(Value(&item)));
    }
    if (kind == MetricKind::kSummary) {
      for (DataPoint& point : metric.points) point.has_sum = true;
    }
  }
  return metric;
}

ScopeMetrics read_scope_json(Value from) {
  const Value scope = member(from, "scope");
  ScopeMetrics out{
      text(scope, "name"), text(scope, "version"), text(from, "schemaUrl"), attributes(scope), {}};
  for (const nx_value& item : list(from, "metrics")) {
    out.metrics.push_back(read_metric_json(Value(&item)));
  }
  return out;
}

}  // namespace

MetricsRequest read_json(Value root) {
  if (root.type() != NX_TABLE) wrong("the body", "object");
  MetricsRequest request;
  for (const nx_value& item : list(root, "resourceMetrics")) {
    const Value from(&item);
    ResourceMetrics& resource = request.emplace_back();
    resource.attributes = attributes(member(from, "resource"));
    for (const nx_value& scope : list(from, "scopeMetrics")) {
      resource.scopes.push_back(read_scope_json(Value(&scope)));
    }
  }
  return request;
}

}  // namespace narthex::ingest::otlp
