// SPDX-License-Identifier: Apache-2.0
// prompb.hpp - writes the messages that Prometheus's remote write 1.0 and remote read share:
// labels, samples, native histograms, exemplars and the time series that they make up. Pure; C++
// standard library only, so that the agent, storages and plugins may all send them.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/protobuf.hpp>
#include <narthex/sdk/text.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::sdk::prompb {

inline void label(std::string& out, std::uint32_t field, std::string_view name,
                  std::string_view value) {
  std::string one;
  protobuf::bytes(one, 1, name);
  protobuf::bytes(one, 2, value);
  protobuf::bytes(out, field, one);
}

namespace detail {

inline void put_spans(std::string& out, std::uint32_t field, const nx_span* spans,
                      std::uint32_t count) {
  std::string one;
  for (std::uint32_t i = 0; i < count; ++i) {
    one.clear();
    protobuf::sint64(one, 1, spans[i].offset);
    protobuf::number(one, 2, spans[i].length);
    protobuf::bytes(out, field, one);
  }
}

// Deltas go to `field`, counts to the field after it, both packed.
inline void put_buckets(std::string& out, std::uint32_t field, const nx_histogram& h,
                        const nx_buckets& buckets, std::uint32_t count) {
  if (count == 0) return;
  std::string packed;
  for (std::uint32_t i = 0; i < count; ++i) {
    h.is_float != 0 ? protobuf::put_fixed(packed, buckets.counts[i])
                    : protobuf::put_varint(packed, protobuf::zigzag(buckets.deltas[i]));
  }
  protobuf::bytes(out, h.is_float != 0 ? field + 1 : field, packed);
}

// NX_RESET_* and the message count alike: unknown, yes, no, gauge.
static_assert(NX_RESET_YES == 1 && NX_RESET_NO == 2 && NX_RESET_GAUGE == 3);

}  // namespace detail

// A Histogram message.
inline std::string histogram_message(std::int64_t t, const nx_histogram& h) {
  std::string out;
  if (h.is_float != 0) {
    protobuf::float64(out, 2, h.count.f);
  } else {
    protobuf::number(out, 1, h.count.u);
  }
  protobuf::float64(out, 3, h.sum);
  protobuf::sint64(out, 4, h.schema);
  protobuf::float64(out, 5, h.zero_threshold);
  if (h.is_float != 0) {
    protobuf::float64(out, 7, h.zero_count.f);
  } else {
    protobuf::number(out, 6, h.zero_count.u);
  }
  detail::put_spans(out, 8, h.neg_spans, h.neg_span_count);
  detail::put_buckets(out, 9, h, h.neg, h.neg_bucket_count);
  detail::put_spans(out, 11, h.pos_spans, h.pos_span_count);
  detail::put_buckets(out, 12, h, h.pos, h.pos_bucket_count);
  protobuf::number(out, 14, h.reset_hint);
  protobuf::int64(out, 15, t);
  std::string bounds;
  for (std::uint32_t i = 0; i < h.custom_value_count; ++i) {
    protobuf::put_fixed(bounds, h.custom_values[i]);
  }
  if (!bounds.empty()) protobuf::bytes(out, 16, bounds);
  return out;
}

// A TimeSeries message, built up. Used by one thread.
class Series {
 public:
  Series() = default;
  explicit Series(std::span<const nx_label> labels) {
    for (const nx_label& l : labels) add_label(view(l.name), view(l.value));
  }
  // Labels come first, sorted by name.
  void add_label(std::string_view name, std::string_view value) { label(bytes_, 1, name, value); }
  void add(std::int64_t t, double value) {
    scratch_.clear();
    protobuf::float64(scratch_, 1, value);
    protobuf::int64(scratch_, 2, t);
    protobuf::bytes(bytes_, 2, scratch_);
  }
  void add(std::int64_t t, const nx_histogram& histogram) {
    protobuf::bytes(bytes_, 4, histogram_message(t, histogram));
  }
  void add_exemplar(std::int64_t t, double value, std::span<const nx_label> labels) {
    scratch_.clear();
    for (const nx_label& l : labels) label(scratch_, 1, view(l.name), view(l.value));
    protobuf::float64(scratch_, 2, value);
    protobuf::int64(scratch_, 3, t);
    protobuf::bytes(bytes_, 3, scratch_);
  }
  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }
  // As field 1: of a WriteRequest, and of a QueryResult.
  void append_to(std::string& message) const { protobuf::bytes(message, 1, bytes_); }

 private:
  std::string bytes_, scratch_;
};

// A MetricMetadata message as field 3 of a WriteRequest: what is known about a family.
inline void append_metadata(std::string& request, std::uint32_t type, std::string_view family,
                            std::string_view help, std::string_view unit) {
  // NX_TYPE_* are the message's numbers.
  static_assert(NX_TYPE_COUNTER == 1 && NX_TYPE_SUMMARY == 5 && NX_TYPE_STATESET == 7);
  std::string out;
  protobuf::number(out, 1, type);
  protobuf::bytes(out, 2, family);
  protobuf::bytes(out, 4, help);
  protobuf::bytes(out, 5, unit);
  protobuf::bytes(request, 3, out);
}

}  // namespace narthex::sdk::prompb
