// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/protobuf_request.hpp"

#include "plugins/ingest/otlp/attribute_message.hpp"
#include "plugins/ingest/otlp/point_messages.hpp"

#include <narthex/sdk/protobuf_reader.hpp>

#include <cstdint>
#include <string>

namespace narthex::ingest::otlp {
namespace {

using sdk::protobuf::Failure;
using sdk::protobuf::Field;
using sdk::protobuf::FieldReader;

Temporality temporality_of(std::uint64_t number) {
  return number == 1   ? Temporality::kDelta
         : number == 2 ? Temporality::kCumulative
                       : Temporality::kUnspecified;
}

// Where a metric has its points, by kind, and how these are read.
struct KindField {
  std::uint32_t number;
  MetricKind kind;
  DataPoint (*read_point)(std::string_view message, Failure& failure);
};
constexpr KindField kKindFields[] = {
    {5, MetricKind::kGauge, &read_number_point},
    {7, MetricKind::kSum, &read_number_point},
    {9, MetricKind::kHistogram, &read_histogram_point},
    {10, MetricKind::kExponentialHistogram, &read_exponential_point},
    {11, MetricKind::kSummary, &read_summary_point}};

void read_points(std::string_view message, const KindField& from, Metric& metric,
                 Failure& failure) {
  metric.kind = from.kind;
  const bool accumulates = from.kind != MetricKind::kGauge && from.kind != MetricKind::kSummary;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) {
      metric.points.push_back(from.read_point(fields.bytes(f), failure));
    } else if (f.number == 2 && accumulates) {
      metric.temporality = temporality_of(fields.varint(f));
    } else if (f.number == 3 && from.kind == MetricKind::kSum) {
      metric.monotonic = fields.varint(f) != 0;
    }
  }
}

Metric read_metric(std::string_view message, Failure& failure) {
  Metric metric;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) metric.name = fields.bytes(f);
    if (f.number == 2) metric.description = fields.bytes(f);
    if (f.number == 3) metric.unit = fields.bytes(f);
    for (const KindField& kind : kKindFields) {
      if (f.number == kind.number) read_points(fields.bytes(f), kind, metric, failure);
    }
  }
  return metric;
}

void read_scope(std::string_view message, ScopeMetrics& scope, Failure& failure) {
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) scope.name = fields.bytes(f);
    if (f.number == 2) scope.version = fields.bytes(f);
    if (f.number == 3) scope.attributes.push_back(read_attribute(fields.bytes(f), failure));
  }
}

ScopeMetrics read_scope_metrics(std::string_view message, Failure& failure) {
  ScopeMetrics scope;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) read_scope(fields.bytes(f), scope, failure);
    if (f.number == 2) scope.metrics.push_back(read_metric(fields.bytes(f), failure));
    if (f.number == 3) scope.schema_url = fields.bytes(f);
  }
  return scope;
}

void read_resource(std::string_view message, Attributes& attributes, Failure& failure) {
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) attributes.push_back(read_attribute(fields.bytes(f), failure));
  }
}

ResourceMetrics read_resource_metrics(std::string_view message, Failure& failure) {
  ResourceMetrics resource;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) read_resource(fields.bytes(f), resource.attributes, failure);
    if (f.number == 2) resource.scopes.push_back(read_scope_metrics(fields.bytes(f), failure));
  }
  return resource;
}

}  // namespace

Result<MetricsRequest> read_protobuf(std::string_view body) {
  MetricsRequest request;
  Failure failure;
  FieldReader fields(body, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) request.push_back(read_resource_metrics(fields.bytes(f), failure));
  }
  if (failure.ok()) return request;
  return invalid_data("proto: the body is no ExportMetricsServiceRequest: byte " +
                      std::to_string(failure.at - body.data()) + ": " + std::string(failure.text));
}

}  // namespace narthex::ingest::otlp
