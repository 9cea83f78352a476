// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/histogram_message.hpp"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace narthex::storage::remote {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

struct BadHistogram : protozero::exception {
  const char* what() const noexcept override { return "a histogram's spans are not its buckets"; }
};

// One sign's buckets, as far as they were read.
struct Side {
  std::vector<nx_span> spans;
  std::vector<std::int64_t> deltas;
  std::vector<double> counts;
};

nx_span read_span(pbf_reader message) {
  nx_span span{};
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        span.offset = message.get_sint32();
        break;
      case 2:
        span.length = message.get_uint32();
        break;
      default:
        message.skip();
    }
  }
  return span;
}

// Packed or one by one: both are valid.
void read_deltas(pbf_reader& message, std::vector<std::int64_t>& out) {
  if (message.wire_type() == pbf_wire_type::varint) return out.push_back(message.get_sint64());
  for (const std::int64_t delta : message.get_packed_sint64()) out.push_back(delta);
}
void read_doubles(pbf_reader& message, std::vector<double>& out) {
  if (message.wire_type() == pbf_wire_type::fixed64) return out.push_back(message.get_double());
  for (const double value : message.get_packed_double()) out.push_back(value);
}

template <class T>
const T* keep(const std::vector<T>& from, std::pmr::memory_resource& memory) {
  if (from.empty()) return nullptr;
  auto* kept = static_cast<T*>(memory.allocate(from.size() * sizeof(T), alignof(T)));
  std::copy(from.begin(), from.end(), kept);
  return kept;
}

template <class T>
std::uint32_t size_of(const std::vector<T>& list) {
  return static_cast<std::uint32_t>(list.size());
}

void read_field(pbf_reader& message, nx_histogram& h, std::int64_t& t) {
  switch (message.tag()) {
    case 1:
      h.count.u = message.get_uint64();
      break;
    case 2:
      h.count.f = message.get_double();
      h.is_float = 1;
      break;
    case 3:
      h.sum = message.get_double();
      break;
    case 4:
      h.schema = message.get_sint32();
      break;
    case 5:
      h.zero_threshold = message.get_double();
      break;
    case 6:
      h.zero_count.u = message.get_uint64();
      break;
    case 7:
      h.zero_count.f = message.get_double();
      break;
    case 14:
      h.reset_hint = static_cast<std::uint8_t>(message.get_enum() & 3);
      break;
    case 15:
      t = message.get_int64();
      break;
    default:
      message.skip();
  }
}

// False: the field is none of an array.
bool read_array(pbf_reader& message, Side& negative, Side& positive, std::vector<double>& bounds) {
  switch (message.tag()) {
    case 8:
      return negative.spans.push_back(read_span(message.get_message())), true;
    case 9:
      return read_deltas(message, negative.deltas), true;
    case 10:
      return read_doubles(message, negative.counts), true;
    case 11:
      return positive.spans.push_back(read_span(message.get_message())), true;
    case 12:
      return read_deltas(message, positive.deltas), true;
    case 13:
      return read_doubles(message, positive.counts), true;
    case 16:
      return read_doubles(message, bounds), true;
    default:
      return false;
  }
}

void check(const Side& side, bool is_float) {
  std::uint64_t length = 0;
  for (const nx_span& span : side.spans) length += span.length;
  if (length != (is_float ? side.counts.size() : side.deltas.size())) throw BadHistogram();
}

}  // namespace

nx_histogram read_histogram(protozero::data_view message, std::int64_t& t,
                            std::pmr::memory_resource& memory) {
  nx_histogram h{};
  Side negative, positive;
  std::vector<double> bounds;
  pbf_reader reader(message);
  while (reader.next()) {
    if (!read_array(reader, negative, positive, bounds)) read_field(reader, h, t);
  }
  const bool is_float = h.is_float != 0;
  check(negative, is_float);
  check(positive, is_float);
  h.neg_spans = keep(negative.spans, memory);
  h.neg_span_count = size_of(negative.spans);
  h.pos_spans = keep(positive.spans, memory);
  h.pos_span_count = size_of(positive.spans);
  h.neg_bucket_count = is_float ? size_of(negative.counts) : size_of(negative.deltas);
  h.pos_bucket_count = is_float ? size_of(positive.counts) : size_of(positive.deltas);
  if (is_float) {
    h.neg.counts = keep(negative.counts, memory);
    h.pos.counts = keep(positive.counts, memory);
  } else {
    h.neg.deltas = keep(negative.deltas, memory);
    h.pos.deltas = keep(positive.deltas, memory);
  }
  h.custom_values = keep(bounds, memory);
  h.custom_value_count = size_of(bounds);
  return h;
}

}  // namespace narthex::storage::remote
