// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/protobuf_request.hpp"

#include "plugins/ingest/otlp/any_value.hpp"
#include "plugins/ingest/otlp/wire.hpp"

#include <algorithm>
#include <map>

namespace narthex::ingest::otlp {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr int kDepthMax = 64;

// Inside lists and maps text is JSON, on top it is the value itself.
std::string read_any(pbf_reader message, bool nested, int depth);

std::string read_list(pbf_reader message, int depth) {
  std::string out = "[";
  while (message.next()) {
    if (message.tag() != 1) {
      message.skip();
      continue;
    }
    if (out.size() > 1) out += ',';
    out += read_any(wire::get_message(message), true, depth + 1);
  }
  return out + "]";
}

std::pair<std::string, std::string> read_pair(pbf_reader message, bool nested, int depth) {
  std::pair<std::string, std::string> pair;
  if (nested) pair.second = "null";
  while (message.next()) {
    if (message.tag() == 1) {
      pair.first = wire::get_text(message);
    } else if (message.tag() == 2) {
      pair.second = read_any(wire::get_message(message), nested, depth);
    } else {
      message.skip();
    }
  }
  return pair;
}

std::string read_map(pbf_reader message, int depth) {
  std::map<std::string, std::string> entries;
  while (message.next()) {
    if (message.tag() == 1) {
      auto pair = read_pair(wire::get_message(message), true, depth + 1);
      entries.insert_or_assign(std::move(pair.first), std::move(pair.second));
    } else {
      message.skip();
    }
  }
  std::string out = "{";
  for (const auto& [key, json] : entries) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out += ':';
    out += json;
  }
  return out + "}";
}

std::string as_string(std::string_view text, bool nested) {
  if (!nested) return std::string(text);
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string read_any(pbf_reader message, bool nested, int depth) {
  if (depth > kDepthMax) {
    throw sdk::Error(NX_ERR_INVALID_DATA, "proto: an attribute is nested deeper than " +
                                              std::to_string(kDepthMax) + " levels");
  }
  std::string out = nested ? "null" : "";
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        out = as_string(wire::get_text(message), nested);
        break;
      case 2:
        out = wire::get_bool(message) ? "true" : "false";
        break;
      case 3:
        out = std::to_string(wire::get_int64(message));
        break;
      case 4:
        out = double_text(wire::get_double(message));
        break;
      case 5:
        out = read_list(wire::get_message(message), depth);
        break;
      case 6:
        out = read_map(wire::get_message(message), depth);
        break;
      case 7:
        out = as_string(base64_text(wire::get_text(message)), nested);
        break;
      default:
        message.skip();
    }
  }
  return out;
}

void add_attribute(pbf_reader& reader, Attributes& out) {
  out.push_back(read_pair(wire::get_message(reader), false, 0));
}

// Numbers of an array, packed or one by one: both are valid protobuf.
void read_fixed(pbf_reader& reader, std::vector<std::uint64_t>& out) {
  if (reader.wire_type() == pbf_wire_type::fixed64) {
    out.push_back(reader.get_fixed64());
    return;
  }
  wire::expect(reader, pbf_wire_type::length_delimited);
  for (const std::uint64_t value : reader.get_packed_fixed64()) out.push_back(value);
}
void read_varints(pbf_reader& reader, std::vector<std::uint64_t>& out) {
  if (reader.wire_type() == pbf_wire_type::varint) {
    out.push_back(reader.get_uint64());
    return;
  }
  wire::expect(reader, pbf_wire_type::length_delimited);
  for (const std::uint64_t value : reader.get_packed_uint64()) out.push_back(value);
}
void read_doubles(pbf_reader& reader, std::vector<double>& out) {
  if (reader.wire_type() == pbf_wire_type::fixed64) {
    out.push_back(reader.get_double());
    return;
  }
  wire::expect(reader, pbf_wire_type::length_delimited);
  for (const double value : reader.get_packed_double()) out.push_back(value);
}

Exemplar read_exemplar(pbf_reader message) {
  Exemplar out;
  while (message.next()) {
    switch (message.tag()) {
      case 2:
        out.time_ns = wire::get_fixed64(message);
        break;
      case 3:
        out.value = wire::get_double(message);
        break;
      case 4:
        out.span_id = hex_text(wire::get_text(message));
        break;
      case 5:
        out.trace_id = hex_text(wire::get_text(message));
        break;
      case 6:
        out.value = static_cast<double>(wire::get_sfixed64(message));
        break;
      case 7:
        add_attribute(message, out.attributes);
        break;
      default:
        message.skip();
    }
  }
  return out;
}

void add_exemplar(pbf_reader& reader, DataPoint& point) {
  point.exemplars.push_back(read_exemplar(wire::get_message(reader)));
}

bool no_recorded_value(std::uint32_t flags) { return (flags & 1) != 0; }

// Start, time: fields 2 and 3 of every point.
bool read_times(pbf_reader& reader, DataPoint& point) {
  if (reader.tag() == 2) {
    point.start_ns = wire::get_fixed64(reader);
  } else if (reader.tag() == 3) {
    point.time_ns = wire::get_fixed64(reader);
  } else {
    return false;
  }
  return true;
}

DataPoint read_number_point(pbf_reader message) {
  DataPoint point;
  while (message.next()) {
    if (read_times(message, point)) continue;
    switch (message.tag()) {
      case 4:
        point.value = wire::get_double(message);
        break;
      case 5:
        add_exemplar(message, point);
        break;
      case 6:
        point.value = static_cast<double>(wire::get_sfixed64(message));
        break;
      case 7:
        add_attribute(message, point.attributes);
        break;
      case 8:
        point.no_recorded_value = no_recorded_value(wire::get_uint32(message));
        break;
      default:
        message.skip();
    }
  }
  return point;
}

DataPoint read_histogram_point(pbf_reader message) {
  DataPoint point;
  while (message.next()) {
    if (read_times(message, point)) continue;
    switch (message.tag()) {
      case 4:
        point.count = wire::get_fixed64(message);
        break;
      case 5:
        point.sum = wire::get_double(message);
        point.has_sum = true;
        break;
      case 6:
        read_fixed(message, point.bucket_counts);
        break;
      case 7:
        read_doubles(message, point.bounds);
        break;
      case 8:
        add_exemplar(message, point);
        break;
      case 9:
        add_attribute(message, point.attributes);
        break;
      case 10:
        point.no_recorded_value = no_recorded_value(wire::get_uint32(message));
        break;
      default:
        message.skip();
    }
  }
  return point;
}

ExponentialBuckets read_buckets(pbf_reader message) {
  ExponentialBuckets buckets;
  while (message.next()) {
    if (message.tag() == 1) {
      buckets.offset = wire::get_sint32(message);
    } else if (message.tag() == 2) {
      read_varints(message, buckets.counts);
    } else {
      message.skip();
    }
  }
  return buckets;
}

DataPoint read_exponential_point(pbf_reader message) {
  DataPoint point;
  while (message.next()) {
    if (read_times(message, point)) continue;
    switch (message.tag()) {
      case 1:
        add_attribute(message, point.attributes);
        break;
      case 4:
        point.count = wire::get_fixed64(message);
        break;
      case 5:
        point.sum = wire::get_double(message);
        point.has_sum = true;
        break;
      case 6:
        point.scale = wire::get_sint32(message);
        break;
      case 7:
        point.zero_count = wire::get_fixed64(message);
        break;
      case 8:
        point.positive = read_buckets(wire::get_message(message));
        break;
      case 9:
        point.negative = read_buckets(wire::get_message(message));
        break;
      case 10:
        point.no_recorded_value = no_recorded_value(wire::get_uint32(message));
        break;
      case 11:
        add_exemplar(message, point);
        break;
      case 14:
        point.zero_threshold = wire::get_double(message);
        break;
      default:
        message.skip();
    }
  }
  return point;
}

std::pair<double, double> read_quantile(pbf_reader message) {
  std::pair<double, double> out{};
  while (message.next()) {
    if (message.tag() == 1) {
      out.first = wire::get_double(message);
    } else if (message.tag() == 2) {
      out.second = wire::get_double(message);
    } else {
      message.skip();
    }
  }
  return out;
}

DataPoint read_summary_point(pbf_reader message) {
  DataPoint point;
  while (message.next()) {
    if (read_times(message, point)) continue;
    switch (message.tag()) {
      case 4:
        point.count = wire::get_fixed64(message);
        break;
      case 5:
        point.sum = wire::get_double(message);
        point.has_sum = true;
        break;
      case 6:
        point.quantiles.push_back(read_quantile(wire::get_message(message)));
        break;
      case 7:
        add_attribute(message, point.attributes);
        break;
      case 8:
        point.no_recorded_value = no_recorded_value(wire::get_uint32(message));
        break;
      default:
        message.skip();
    }
  }
  return point;
}

Temporality temporality_of(std::int32_t number) {
  return number == 1   ? Temporality::kDelta
         : number == 2 ? Temporality::kCumulative
                       : Temporality::kUnspecified;
}

using ReadPoint = DataPoint (*)(pbf_reader);

void read_kind(pbf_reader message, MetricKind kind, ReadPoint read_one, Metric& metric) {
  metric.kind = kind;
  while (message.next()) {
    if (message.tag() == 1) {
      metric.points.push_back(read_one(wire::get_message(message)));
    } else if (message.tag() == 2 && kind != MetricKind::kGauge && kind != MetricKind::kSummary) {
      metric.temporality = temporality_of(wire::get_enum(message));
    } else if (message.tag() == 3 && kind == MetricKind::kSum) {
      metric.monotonic = wire::get_bool(message);
    } else {
      message.skip();
    }
  }
}

Metric read_metric(pbf_reader message) {
  Metric metric;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        metric.name = wire::get_text(message);
        break;
      case 2:
        metric.description = wire::get_text(message);
        break;
      case 3:
        metric.unit = wire::get_text(message);
        break;
      case 5:
        read_kind(wire::get_message(message), MetricKind::kGauge, &read_number_point, metric);
        break;
      case 7:
        read_kind(wire::get_message(message), MetricKind::kSum, &read_number_point, metric);
        break;
      case 9:
        read_kind(wire::get_message(message), MetricKind::kHistogram, &read_histogram_point,
                  metric);
        break;
      case 10:
        read_kind(wire::get_message(message), MetricKind::kExponentialHistogram,
                  &read_exponential_point, metric);
        break;
      case 11:
        read_kind(wire::get_message(message), MetricKind::kSummary, &read_summary_point, metric);
        break;
      default:
        message.skip();
    }
  }
  return metric;
}

void read_scope(pbf_reader message, ScopeMetrics& scope) {
  while (message.next()) {
    if (message.tag() == 1) {
      scope.name = wire::get_text(message);
    } else if (message.tag() == 2) {
      scope.version = wire::get_text(message);
    } else if (message.tag() == 3) {
      add_attribute(message, scope.attributes);
    } else {
      message.skip();
    }
  }
}

ScopeMetrics read_scope_metrics(pbf_reader message) {
  ScopeMetrics scope;
  while (message.next()) {
    if (message.tag() == 1) {
      read_scope(wire::get_message(message), scope);
    } else if (message.tag() == 2) {
      scope.metrics.push_back(read_metric(wire::get_message(message)));
    } else if (message.tag() == 3) {
      scope.schema_url = wire::get_text(message);
    } else {
      message.skip();
    }
  }
  return scope;
}

void read_resource(pbf_reader message, Attributes& attributes) {
  while (message.next()) {
    if (message.tag() == 1) {
      add_attribute(message, attributes);
    } else {
      message.skip();
    }
  }
}

ResourceMetrics read_resource_metrics(pbf_reader message) {
  ResourceMetrics resource;
  while (message.next()) {
    if (message.tag() == 1) {
      read_resource(wire::get_message(message), resource.attributes);
    } else if (message.tag() == 2) {
      resource.scopes.push_back(read_scope_metrics(wire::get_message(message)));
    } else {
      message.skip();
    }
  }
  return resource;
}

}  // namespace

Result<MetricsRequest> read_protobuf(std::string_view body) {
  try {
    MetricsRequest request;
    pbf_reader reader(body.data(), body.size());
    while (reader.next()) {
      if (reader.tag() == 1) {
        request.push_back(read_resource_metrics(wire::get_message(reader)));
      } else {
        reader.skip();
      }
    }
    return request;
  } catch (const protozero::exception& e) {
    return invalid_data(std::string("proto: the body is no ExportMetricsServiceRequest: ") +
                        e.what());
  } catch (const sdk::Error& e) {
    return e.status();
  }
}

}  // namespace narthex::ingest::otlp
