// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/protobuf_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace narthex::ingest::pushgateway {
namespace {

using sdk::protobuf::Failure;
using sdk::protobuf::Field;
using sdk::protobuf::FieldReader;
using sdk::protobuf::Wire;

constexpr std::string_view kUnknownType = "unknown type of a metric family";

Label read_label_pair(std::string_view message, Failure& failure) {
  Label label;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) label.first = fields.bytes(f);
    if (f.number == 2) label.second = fields.bytes(f);
  }
  return label;
}

// Gauge, Counter and Untyped begin alike.
double read_value(std::string_view message, Failure& failure) {
  double value = 0;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) value = fields.float64(f);
  }
  return value;
}

Quantile read_quantile(std::string_view message, Failure& failure) {
  Quantile q;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) q.quantile = fields.float64(f);
    if (f.number == 2) q.value = fields.float64(f);
  }
  return q;
}

void read_summary(std::string_view message, Metric& metric, Failure& failure) {
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) metric.count = static_cast<double>(fields.varint(f));
    if (f.number == 2) metric.sum = fields.float64(f);
    if (f.number == 3) metric.quantiles.push_back(read_quantile(fields.bytes(f), failure));
  }
}

Bucket read_bucket(std::string_view message, bool& is_float, Failure& failure) {
  Bucket b;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) b.cumulative_count = static_cast<double>(fields.varint(f));
    if (f.number == 2) b.upper_bound = fields.float64(f);
    if (f.number != 4) continue;
    const double count = fields.float64(f);
    if (count > 0) {
      b.cumulative_count = count;
      is_float = true;
    }
  }
  return b;
}

nx_span read_span(std::string_view message, Failure& failure) {
  nx_span span{};
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) span.offset = static_cast<std::int32_t>(fields.zigzag(f));
    if (f.number == 2) span.length = static_cast<std::uint32_t>(fields.varint(f));
  }
  return span;
}

// Fields 5 to 14: the sparse part.
void read_native(FieldReader& fields, const Field& f, NativeBuckets& native, Failure& failure) {
  switch (f.number) {
    case 5:
      native.schema = static_cast<std::int32_t>(fields.zigzag(f));
      break;
    case 6:
      native.zero_threshold = fields.float64(f);
      break;
    case 7:
      native.zero_count = static_cast<double>(fields.varint(f));
      break;
    case 8: {
      const double count = fields.float64(f);
      if (count > 0) native.zero_count = count;
      native.is_float = native.is_float || count > 0;
      break;
    }
    case 9:
      native.negative_spans.push_back(read_span(fields.bytes(f), failure));
      break;
    case 10:
      (void)fields.append_zigzags(f, native.negative_deltas);
      break;
    case 11:
      (void)fields.append_fixed(f, native.negative_counts);
      break;
    case 12:
      native.positive_spans.push_back(read_span(fields.bytes(f), failure));
      break;
    case 13:
      (void)fields.append_zigzags(f, native.positive_deltas);
      break;
    case 14:
      (void)fields.append_fixed(f, native.positive_counts);
      break;
    default:
      break;
  }
}

void read_histogram(std::string_view message, Metric& metric, Failure& failure) {
  NativeBuckets native;
  bool has_spans = false;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case 1:
        metric.count = static_cast<double>(fields.varint(f));
        break;
      case 2:
        metric.sum = fields.float64(f);
        break;
      case 3:
        metric.buckets.push_back(read_bucket(fields.bytes(f), metric.float_counts, failure));
        break;
      case 4: {
        const double count = fields.float64(f);
        if (count > 0) {
          metric.count = count;
          metric.float_counts = true;
        }
        break;
      }
      default:
        has_spans = has_spans || f.number == 9 || f.number == 12;
        read_native(fields, f, native, failure);
    }
  }
  // Without a span there is nothing sparse: that is how the format tells the two apart.
  if (!has_spans) return;
  native.is_float = native.is_float || metric.float_counts || !native.negative_counts.empty() ||
                    !native.positive_counts.empty();
  metric.native = std::make_shared<const NativeBuckets>(std::move(native));
}

void take_value(std::string_view message, FamilyType kind, FamilyType wanted, Metric& metric,
                Failure& failure) {
  // The first value counts, and one of the family's own kind most of all.
  if (metric.has_value && metric.kind == wanted) return;
  metric.has_value = true;
  metric.kind = kind;
  if (kind == FamilyType::kSummary) {
    read_summary(message, metric, failure);
  } else if (kind == FamilyType::kHistogram) {
    read_histogram(message, metric, failure);
  } else {
    metric.value = read_value(message, failure);
  }
}

Metric read_metric(std::string_view message, FamilyType wanted, Failure& failure) {
  constexpr std::pair<std::uint32_t, FamilyType> kValues[] = {{2, FamilyType::kGauge},
                                                              {3, FamilyType::kCounter},
                                                              {4, FamilyType::kSummary},
                                                              {5, FamilyType::kUntyped},
                                                              {7, FamilyType::kHistogram}};
  Metric metric;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) metric.labels.push_back(read_label_pair(fields.bytes(f), failure));
    if (f.number == 6) metric.has_timestamp = fields.expect(f, Wire::kVarint);
    for (const auto& [number, kind] : kValues) {
      if (f.number == number) take_value(fields.bytes(f), kind, wanted, metric, failure);
    }
  }
  return metric;
}

FamilyType read_type(FieldReader& fields, const Field& f) {
  const std::uint64_t number = fields.varint(f);
  if (number < kFamilyTypeCount) return static_cast<FamilyType>(number);
  (void)fields.fail(f.at, kUnknownType);
  return FamilyType::kCounter;
}

// The length in front of a message, and the message. OK: they were cut off the body.
Status cut_message(std::string_view& body, std::string_view& message) {
  constexpr std::size_t kVarintMax = 10;
  std::uint64_t size = 0;
  const char* const end = body.data() + body.size();
  const char* const at = sdk::protobuf::read_varint(body.data(), end, size);
  if (at == nullptr && body.size() >= kVarintMax) {
    return invalid_data("proto: variable length integer overflow");
  }
  if (at == nullptr || size > static_cast<std::uint64_t>(end - at)) {
    return invalid_data("unexpected EOF");
  }
  message = {at, static_cast<std::size_t>(size)};
  body.remove_prefix(static_cast<std::size_t>(at + size - body.data()));
  return {};
}

}  // namespace

Family read_family(std::string_view message, Failure& failure) {
  Family family;
  family.type = FamilyType::kCounter;  // the default of the message's enum
  // The type may follow the metrics that it explains: two passes.
  FieldReader types(message, failure);
  for (Field f; types.next(f);) {
    if (f.number == 3) family.type = read_type(types, f);
  }
  FieldReader fields(message, failure);
  for (Field f; failure.ok() && fields.next(f);) {
    if (f.number == 1) family.name = fields.bytes(f);
    if (f.number == 2) family.help = fields.bytes(f);
    if (f.number == 4) {
      family.metrics.push_back(read_metric(fields.bytes(f), kind_of(family.type), failure));
    }
  }
  return family;
}

Result<std::vector<Family>> read_delimited(std::string_view body) {
  std::vector<Family> families;
  while (!body.empty()) {
    std::string_view message;
    if (Status status = cut_message(body, message); !status.ok()) return status;
    Failure failure;
    Family family = read_family(message, failure);
    if (!failure.ok()) {  // the gateway has one text for whatever is no protobuf
      return invalid_data("proto: " + std::string(failure.text == kUnknownType
                                                      ? kUnknownType
                                                      : "cannot parse invalid wire-format data"));
    }
    std::erase_if(families, [&](const Family& f) { return f.name == family.name; });
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace narthex::ingest::pushgateway
