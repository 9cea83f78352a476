// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/protobuf_reader.hpp"

#include "plugins/ingest/pushgateway/wire.hpp"

#include <protozero/varint.hpp>

#include <algorithm>

namespace narthex::ingest::pushgateway {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

Label read_label_pair(pbf_reader message) {
  Label label;
  while (message.next()) {
    if (message.tag() == 1) {
      label.first = wire::get_text(message);
    } else if (message.tag() == 2) {
      label.second = wire::get_text(message);
    } else {
      message.skip();
    }
  }
  return label;
}

// Gauge, Counter and Untyped begin alike.
double read_value(pbf_reader message) {
  double value = 0;
  while (message.next()) {
    if (message.tag() == 1) {
      value = wire::get_double(message);
    } else {
      message.skip();
    }
  }
  return value;
}

Quantile read_quantile(pbf_reader message) {
  Quantile q;
  while (message.next()) {
    if (message.tag() == 1) {
      q.quantile = wire::get_double(message);
    } else if (message.tag() == 2) {
      q.value = wire::get_double(message);
    } else {
      message.skip();
    }
  }
  return q;
}

void read_summary(pbf_reader message, Metric& metric) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        metric.count = static_cast<double>(wire::get_uint64(message));
        break;
      case 2:
        metric.sum = wire::get_double(message);
        break;
      case 3:
        metric.quantiles.push_back(read_quantile(wire::get_message(message)));
        break;
      default:
        message.skip();
    }
  }
}

Bucket read_bucket(pbf_reader message, bool& is_float) {
  Bucket b;
  while (message.next()) {
    if (message.tag() == 1) {
      b.cumulative_count = static_cast<double>(wire::get_uint64(message));
    } else if (message.tag() == 2) {
      b.upper_bound = wire::get_double(message);
    } else if (message.tag() == 4) {
      const double count = wire::get_double(message);
      if (count > 0) {
        b.cumulative_count = count;
        is_float = true;
      }
    } else {
      message.skip();
    }
  }
  return b;
}

nx_span read_span(pbf_reader message) {
  nx_span span{};
  while (message.next()) {
    if (message.tag() == 1) {
      span.offset = wire::get_sint32(message);
    } else if (message.tag() == 2) {
      span.length = wire::get_uint32(message);
    } else {
      message.skip();
    }
  }
  return span;
}

// Packed or one by one: both are valid protobuf.
void read_deltas(pbf_reader& reader, std::vector<std::int64_t>& out) {
  if (reader.wire_type() == pbf_wire_type::varint) {
    out.push_back(reader.get_sint64());
    return;
  }
  wire::expect(reader, pbf_wire_type::length_delimited);
  for (const std::int64_t delta : reader.get_packed_sint64()) out.push_back(delta);
}
void read_counts(pbf_reader& reader, std::vector<double>& out) {
  if (reader.wire_type() == pbf_wire_type::fixed64) {
    out.push_back(reader.get_double());
    return;
  }
  wire::expect(reader, pbf_wire_type::length_delimited);
  for (const double count : reader.get_packed_double()) out.push_back(count);
}

// True when the field belongs to the sparse part and was read.
bool read_native(pbf_reader& reader, NativeBuckets& native) {
  switch (reader.tag()) {
    case 5:
      native.schema = wire::get_sint32(reader);
      return true;
    case 6:
      native.zero_threshold = wire::get_double(reader);
      return true;
    case 7:
      native.zero_count = static_cast<double>(wire::get_uint64(reader));
      return true;
    case 8: {
      const double count = wire::get_double(reader);
      if (count > 0) native.zero_count = count;
      native.is_float = native.is_float || count > 0;
      return true;
    }
    case 9:
      native.negative_spans.push_back(read_span(wire::get_message(reader)));
      return true;
    case 10:
      read_deltas(reader, native.negative_deltas);
      return true;
    case 11:
      read_counts(reader, native.negative_counts);
      return true;
    case 12:
      native.positive_spans.push_back(read_span(wire::get_message(reader)));
      return true;
    case 13:
      read_deltas(reader, native.positive_deltas);
      return true;
    case 14:
      read_counts(reader, native.positive_counts);
      return true;
    default:
      return false;
  }
}

void read_histogram(pbf_reader message, Metric& metric) {
  NativeBuckets native;
  bool has_spans = false;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        metric.count = static_cast<double>(wire::get_uint64(message));
        break;
      case 2:
        metric.sum = wire::get_double(message);
        break;
      case 3:
        metric.buckets.push_back(read_bucket(wire::get_message(message), metric.float_counts));
        break;
      case 4: {
        const double count = wire::get_double(message);
        if (count > 0) {
          metric.count = count;
          metric.float_counts = true;
        }
        break;
      }
      default:
        has_spans = has_spans || message.tag() == 9 || message.tag() == 12;
        if (!read_native(message, native)) message.skip();
    }
  }
  // Without a span there is nothing sparse: that is how the format tells the two apart.
  if (!has_spans) return;
  native.is_float = native.is_float || metric.float_counts || !native.negative_counts.empty() ||
                    !native.positive_counts.empty();
  metric.native = std::make_shared<const NativeBuckets>(std::move(native));
}

void take_value(pbf_reader& reader, FamilyType kind, FamilyType wanted, Metric& metric) {
  // The first value counts, and one of the family's own kind most of all.
  if (metric.has_value && metric.kind == wanted) {
    reader.skip();
    return;
  }
  metric.has_value = true;
  metric.kind = kind;
  const pbf_reader message = wire::get_message(reader);
  if (kind == FamilyType::kSummary) {
    read_summary(message, metric);
  } else if (kind == FamilyType::kHistogram) {
    read_histogram(message, metric);
  } else {
    metric.value = read_value(message);
  }
}

Metric read_metric(pbf_reader reader, FamilyType wanted) {
  Metric metric;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        metric.labels.push_back(read_label_pair(wire::get_message(reader)));
        break;
      case 2:
        take_value(reader, FamilyType::kGauge, wanted, metric);
        break;
      case 3:
        take_value(reader, FamilyType::kCounter, wanted, metric);
        break;
      case 4:
        take_value(reader, FamilyType::kSummary, wanted, metric);
        break;
      case 5:
        take_value(reader, FamilyType::kUntyped, wanted, metric);
        break;
      case 6:
        reader.skip();
        metric.has_timestamp = true;
        break;
      case 7:
        take_value(reader, FamilyType::kHistogram, wanted, metric);
        break;
      default:
        reader.skip();
    }
  }
  return metric;
}

FamilyType read_type(std::int32_t number) {
  if (number < 0 || number >= kFamilyTypeCount) {
    throw sdk::Error(NX_ERR_INVALID_DATA,
                     "proto: " + std::to_string(number) + " is no type of a metric family");
  }
  return static_cast<FamilyType>(number);
}

// The length in front of a message. False: the body ends within it.
bool cut_message(std::string_view& body, std::string_view& message) {
  const char* at = body.data();
  const char* const end = at + body.size();
  const std::uint64_t size = protozero::decode_varint(&at, end);
  if (size > static_cast<std::uint64_t>(end - at)) return false;
  message = {at, static_cast<std::size_t>(size)};
  body = {at + size, static_cast<std::size_t>(end - at) - static_cast<std::size_t>(size)};
  return true;
}

}  // namespace

Family read_family(std::string_view message) {
  Family family;
  family.type = FamilyType::kCounter;  // the default of the message's enum
  // The type may follow the metrics that it explains: two passes.
  for (pbf_reader reader(message.data(), message.size()); reader.next();) {
    if (reader.tag() == 3) {
      family.type = read_type(wire::get_enum(reader));
    } else {
      reader.skip();
    }
  }
  for (pbf_reader reader(message.data(), message.size()); reader.next();) {
    switch (reader.tag()) {
      case 1:
        family.name = wire::get_text(reader);
        break;
      case 2:
        family.help = wire::get_text(reader);
        break;
      case 4:
        family.metrics.push_back(read_metric(wire::get_message(reader), kind_of(family.type)));
        break;
      default:
        reader.skip();
    }
  }
  return family;
}

Result<std::vector<Family>> read_delimited(std::string_view body) {
  std::vector<Family> families;
  try {
    while (!body.empty()) {
      std::string_view message;
      if (!cut_message(body, message)) return invalid_data("unexpected EOF");
      Family family = read_family(message);
      std::erase_if(families, [&](const Family& f) { return f.name == family.name; });
      families.push_back(std::move(family));
    }
  } catch (const protozero::end_of_buffer_exception&) {
    return invalid_data("unexpected EOF");
  } catch (const protozero::varint_too_long_exception&) {
    return invalid_data("proto: variable length integer overflow");
  } catch (const protozero::exception& e) {
    return invalid_data(std::string("proto: ") + e.what());
  } catch (const sdk::Error& e) {
    return e.status();
  }
  return families;
}

}  // namespace narthex::ingest::pushgateway
