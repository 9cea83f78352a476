// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/point_messages.hpp"

#include "plugins/ingest/otlp/any_value.hpp"
#include "plugins/ingest/otlp/attribute_message.hpp"

#include <cstdint>
#include <utility>

namespace narthex::ingest::otlp {
namespace {

using sdk::protobuf::Failure;
using sdk::protobuf::Field;
using sdk::protobuf::FieldReader;

Exemplar read_exemplar(std::string_view message, Failure& failure) {
  Exemplar out;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case 2:
        out.time_ns = fields.fixed64(f);
        break;
      case 3:
        out.value = fields.float64(f);
        break;
      case 4:
        out.span_id = hex_text(fields.bytes(f));
        break;
      case 5:
        out.trace_id = hex_text(fields.bytes(f));
        break;
      case 6:
        out.value = static_cast<double>(static_cast<std::int64_t>(fields.fixed64(f)));
        break;
      case 7:
        out.attributes.push_back(read_attribute(fields.bytes(f), failure));
        break;
      default:
        break;
    }
  }
  return out;
}

// The numbers under which a kind of point has what all have; field numbers begin at 1, so 0: none.
struct SharedFields {
  std::uint32_t attributes, flags, exemplars;
};

// Reads a point; own(fields, f, point) takes the fields that its kind does not share.
template <class Own>
DataPoint read_point_message(std::string_view message, const SharedFields& shared, Failure& failure,
                             Own&& own) {
  DataPoint point;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 2) {
      point.start_ns = fields.fixed64(f);
    } else if (f.number == 3) {
      point.time_ns = fields.fixed64(f);
    } else if (f.number == shared.attributes) {
      point.attributes.push_back(read_attribute(fields.bytes(f), failure));
    } else if (f.number == shared.flags) {
      point.no_recorded_value = (fields.varint(f) & 1) != 0;
    } else if (f.number == shared.exemplars) {
      point.exemplars.push_back(read_exemplar(fields.bytes(f), failure));
    } else {
      own(fields, f, point);
    }
  }
  return point;
}

// Fields 4 and 5 of everything that was counted.
bool read_count_and_sum(FieldReader& fields, const Field& f, DataPoint& point) {
  if (f.number == 4) {
    point.count = fields.fixed64(f);
  } else if (f.number == 5) {
    point.sum = fields.float64(f);
    point.has_sum = true;
  } else {
    return false;
  }
  return true;
}

ExponentialBuckets read_buckets(std::string_view message, Failure& failure) {
  ExponentialBuckets buckets;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) buckets.offset = static_cast<std::int32_t>(fields.zigzag(f));
    if (f.number == 2) (void)fields.append_varints(f, buckets.counts);
  }
  return buckets;
}

std::pair<double, double> read_quantile(std::string_view message, Failure& failure) {
  std::pair<double, double> out{};
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) out.first = fields.float64(f);
    if (f.number == 2) out.second = fields.float64(f);
  }
  return out;
}

}  // namespace

DataPoint read_number_point(std::string_view message, Failure& failure) {
  return read_point_message(
      message, {.attributes = 7, .flags = 8, .exemplars = 5}, failure,
      [](FieldReader& fields, const Field& f, DataPoint& point) {
        if (f.number == 4) point.value = fields.float64(f);
        if (f.number == 6) {
          point.value = static_cast<double>(static_cast<std::int64_t>(fields.fixed64(f)));
        }
      });
}

DataPoint read_histogram_point(std::string_view message, Failure& failure) {
  return read_point_message(message, {.attributes = 9, .flags = 10, .exemplars = 8}, failure,
                            [](FieldReader& fields, const Field& f, DataPoint& point) {
                              if (read_count_and_sum(fields, f, point)) return;
                              if (f.number == 6) (void)fields.append_fixed(f, point.bucket_counts);
                              if (f.number == 7) (void)fields.append_fixed(f, point.bounds);
                            });
}

DataPoint read_exponential_point(std::string_view message, Failure& failure) {
  return read_point_message(message, {.attributes = 1, .flags = 10, .exemplars = 11}, failure,
                            [&failure](FieldReader& fields, const Field& f, DataPoint& point) {
                              if (read_count_and_sum(fields, f, point)) return;
                              if (f.number == 6)
                                point.scale = static_cast<std::int32_t>(fields.zigzag(f));
                              if (f.number == 7) point.zero_count = fields.fixed64(f);
                              if (f.number == 8)
                                point.positive = read_buckets(fields.bytes(f), failure);
                              if (f.number == 9)
                                point.negative = read_buckets(fields.bytes(f), failure);
                              if (f.number == 14) point.zero_threshold = fields.float64(f);
                            });
}

DataPoint read_summary_point(std::string_view message, Failure& failure) {
  return read_point_message(message, {.attributes = 7, .flags = 8, .exemplars = 0}, failure,
                            [&failure](FieldReader& fields, const Field& f, DataPoint& point) {
                              if (read_count_and_sum(fields, f, point)) return;
                              if (f.number == 6)
                                point.quantiles.push_back(read_quantile(fields.bytes(f), failure));
                            });
}

}  // namespace narthex::ingest::otlp
