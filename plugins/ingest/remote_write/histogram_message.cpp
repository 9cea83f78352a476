// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/histogram_message.hpp"

#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

namespace narthex::ingest::remote_write {
namespace {

enum Field : protozero::pbf_tag_type {
  kCountInt = 1,
  kCountFloat = 2,
  kSum = 3,
  kSchema = 4,
  kZeroThreshold = 5,
  kZeroCountInt = 6,
  kZeroCountFloat = 7,
  kNegativeSpans = 8,
  kNegativeDeltas = 9,
  kNegativeCounts = 10,
  kPositiveSpans = 11,
  kPositiveDeltas = 12,
  kPositiveCounts = 13,
  kResetHint = 14,
  kTimestamp = 15,
  kCustomValues = 16,
  kStart = 17
};

// What was read so far; the arrays may come in pieces.
struct Parts {
  std::vector<nx_span> negative_spans, positive_spans;
  std::vector<std::int64_t> negative_deltas, positive_deltas;
  std::vector<double> negative_counts, positive_counts, custom_values;
};

nx_span parse_span(protozero::pbf_reader message) {
  nx_span span{};
  while (message.next()) {
    if (message.tag() == 1) {
      span.offset = message.get_sint32();
    } else if (message.tag() == 2) {
      span.length = message.get_uint32();
    } else {
      message.skip();
    }
  }
  return span;
}

// Packed or one by one: both are valid protobuf.
void add_deltas(protozero::pbf_reader& reader, std::vector<std::int64_t>& out) {
  if (reader.wire_type() == protozero::pbf_wire_type::varint) {
    out.push_back(reader.get_sint64());
    return;
  }
  for (const std::int64_t delta : reader.get_packed_sint64()) out.push_back(delta);
}

void add_doubles(protozero::pbf_reader& reader, std::vector<double>& out) {
  if (reader.wire_type() == protozero::pbf_wire_type::fixed64) {
    out.push_back(reader.get_double());
    return;
  }
  for (const double value : reader.get_packed_double()) out.push_back(value);
}

template <class T>
const T* keep(const std::vector<T>& from, std::pmr::memory_resource& memory) {
  if (from.empty()) return nullptr;
  auto* kept = static_cast<T*>(memory.allocate(from.size() * sizeof(T), alignof(T)));
  std::uninitialized_copy(from.begin(), from.end(), kept);
  return kept;
}

template <class T>
std::uint32_t size_of(const std::vector<T>& list) {
  return static_cast<std::uint32_t>(list.size());
}

void read_number(protozero::pbf_reader& reader, HistogramMessage& out) {
  nx_histogram& h = out.histogram;
  switch (reader.tag()) {
    case kCountInt:
      h.count.u = reader.get_uint64();
      h.is_float = 0;
      break;
    case kCountFloat:
      h.count.f = reader.get_double();
      h.is_float = 1;
      break;
    case kSum:
      h.sum = reader.get_double();
      break;
    case kSchema:
      h.schema = reader.get_sint32();
      break;
    case kZeroThreshold:
      h.zero_threshold = reader.get_double();
      break;
    case kZeroCountInt:
      h.zero_count.u = reader.get_uint64();
      break;
    case kZeroCountFloat:
      h.zero_count.f = reader.get_double();
      break;
    case kResetHint:
      h.reset_hint = static_cast<std::uint8_t>(reader.get_enum() & 3);
      break;
    case kTimestamp:
      out.t = reader.get_int64();
      break;
    case kStart:
      out.start = reader.get_int64();
      break;
    default:
      reader.skip();
  }
}

void read_array(protozero::pbf_reader& reader, Parts& parts) {
  switch (reader.tag()) {
    case kNegativeSpans:
      parts.negative_spans.push_back(parse_span(reader.get_message()));
      break;
    case kPositiveSpans:
      parts.positive_spans.push_back(parse_span(reader.get_message()));
      break;
    case kNegativeDeltas:
      add_deltas(reader, parts.negative_deltas);
      break;
    case kPositiveDeltas:
      add_deltas(reader, parts.positive_deltas);
      break;
    case kNegativeCounts:
      add_doubles(reader, parts.negative_counts);
      break;
    case kPositiveCounts:
      add_doubles(reader, parts.positive_counts);
      break;
    case kCustomValues:
      add_doubles(reader, parts.custom_values);
      break;
    default:
      reader.skip();
  }
}

bool is_array(protozero::pbf_tag_type tag) {
  return (tag >= kNegativeSpans && tag <= kPositiveCounts) || tag == kCustomValues;
}

void attach(const Parts& parts, nx_histogram& h, std::pmr::memory_resource& memory) {
  h.neg_span_count = size_of(parts.negative_spans);
  h.neg_spans = keep(parts.negative_spans, memory);
  h.pos_span_count = size_of(parts.positive_spans);
  h.pos_spans = keep(parts.positive_spans, memory);
  h.custom_value_count = size_of(parts.custom_values);
  h.custom_values = keep(parts.custom_values, memory);
  if (h.is_float != 0) {
    h.neg_bucket_count = size_of(parts.negative_counts);
    h.neg.counts = keep(parts.negative_counts, memory);
    h.pos_bucket_count = size_of(parts.positive_counts);
    h.pos.counts = keep(parts.positive_counts, memory);
  } else {
    h.neg_bucket_count = size_of(parts.negative_deltas);
    h.neg.deltas = keep(parts.negative_deltas, memory);
    h.pos_bucket_count = size_of(parts.positive_deltas);
    h.pos.deltas = keep(parts.positive_deltas, memory);
  }
}

}  // namespace

HistogramMessage parse_histogram(std::string_view message, std::pmr::memory_resource& memory) {
  HistogramMessage out;
  Parts parts;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    if (is_array(reader.tag())) {
      read_array(reader, parts);
    } else {
      read_number(reader, out);
    }
  }
  attach(parts, out.histogram, memory);
  return out;
}

}  // namespace narthex::ingest::remote_write
