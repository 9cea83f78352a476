// SPDX-License-Identifier: Apache-2.0
#include "remote_write/histogram_bytes.hpp"

namespace narthex::remote_write {
namespace {

void put_spans(std::string& out, const nx_span* spans, std::uint32_t count) {
  put_varint(out, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    put_signed(out, spans[i].offset);
    put_varint(out, spans[i].length);
  }
}

void put_buckets(std::string& out, const nx_histogram& h, nx_buckets buckets, std::uint32_t count) {
  put_varint(out, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (h.is_float != 0) {
      put_double(out, buckets.counts[i]);
    } else {
      put_signed(out, buckets.deltas[i]);
    }
  }
}

void put_count(std::string& out, const nx_histogram& h, nx_count count) {
  if (h.is_float != 0) {
    put_double(out, count.f);
  } else {
    put_varint(out, count.u);
  }
}

nx_count read_count(ByteReader& in, bool is_float) {
  nx_count count{};
  if (is_float) {
    count.f = in.number();
  } else {
    count.u = in.varint();
  }
  return count;
}

// An array of `count` things, each read by next().
template <class T, class Next>
T* read_array(std::size_t count, std::pmr::memory_resource& memory, Next&& next) {
  if (count == 0) return nullptr;
  auto* array = static_cast<T*>(memory.allocate(count * sizeof(T), alignof(T)));
  for (std::size_t i = 0; i < count; ++i) array[i] = next();
  return array;
}

const nx_span* read_spans(ByteReader& in, std::uint32_t& count, std::pmr::memory_resource& memory) {
  count = static_cast<std::uint32_t>(in.count(2));
  return read_array<nx_span>(count, memory, [&] {
    nx_span span{};
    span.offset = static_cast<std::int32_t>(in.signed_varint());
    span.length = static_cast<std::uint32_t>(in.varint());
    return span;
  });
}

nx_buckets read_buckets(ByteReader& in, bool is_float, std::uint32_t& count,
                        std::pmr::memory_resource& memory) {
  nx_buckets buckets{};
  count = static_cast<std::uint32_t>(in.count(is_float ? sizeof(double) : 1));
  if (is_float) {
    buckets.counts = read_array<double>(count, memory, [&] { return in.number(); });
  } else {
    buckets.deltas = read_array<std::int64_t>(count, memory, [&] { return in.signed_varint(); });
  }
  return buckets;
}

}  // namespace

void put_histogram(std::string& out, const nx_histogram& h) {
  out += static_cast<char>((h.is_float != 0 ? 1 : 0) | (h.reset_hint << 1));
  put_signed(out, h.schema);
  put_double(out, h.zero_threshold);
  put_count(out, h, h.zero_count);
  put_count(out, h, h.count);
  put_double(out, h.sum);
  put_spans(out, h.pos_spans, h.pos_span_count);
  put_spans(out, h.neg_spans, h.neg_span_count);
  put_buckets(out, h, h.pos, h.pos_bucket_count);
  put_buckets(out, h, h.neg, h.neg_bucket_count);
  put_varint(out, h.custom_value_count);
  for (std::uint32_t i = 0; i < h.custom_value_count; ++i) put_double(out, h.custom_values[i]);
}

nx_histogram read_histogram(ByteReader& in, std::pmr::memory_resource& memory) {
  nx_histogram h{};
  const std::uint64_t flags = in.varint();
  const bool is_float = (flags & 1) != 0;
  h.is_float = is_float ? 1 : 0;
  h.reset_hint = static_cast<std::uint8_t>((flags >> 1) & 3);
  h.schema = static_cast<std::int32_t>(in.signed_varint());
  h.zero_threshold = in.number();
  h.zero_count = read_count(in, is_float);
  h.count = read_count(in, is_float);
  h.sum = in.number();
  h.pos_spans = read_spans(in, h.pos_span_count, memory);
  h.neg_spans = read_spans(in, h.neg_span_count, memory);
  h.pos = read_buckets(in, is_float, h.pos_bucket_count, memory);
  h.neg = read_buckets(in, is_float, h.neg_bucket_count, memory);
  h.custom_value_count = static_cast<std::uint32_t>(in.count(sizeof(double)));
  h.custom_values = read_array<double>(h.custom_value_count, memory, [&] { return in.number(); });
  return h;
}

}  // namespace narthex::remote_write
