// SPDX-License-Identifier: Apache-2.0
#include "transfer/write_message.hpp"

#include <narthex/sdk/text.hpp>

#include <bit>
#include <string_view>

namespace narthex::transfer {

namespace {

// The wire types of protobuf that are needed.
enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

void put_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void put_tag(std::string& out, std::uint32_t field, Wire wire) {
  put_number(out, field << 3 | wire);
}
void put_fixed(std::string& out, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits);
}
std::uint64_t folded(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

void field_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  put_tag(out, field, kVarint);
  put_number(out, value);
}
void field_double(std::string& out, std::uint32_t field, double value) {
  put_tag(out, field, kFixed64);
  put_fixed(out, value);
}
void field_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_tag(out, field, kBytes);
  put_number(out, bytes.size());
  out += bytes;
}

void put_labels(std::string& out, std::span<const nx_label> labels) {
  std::string one;
  for (const nx_label& label : labels) {
    one.clear();
    field_bytes(one, 1, view(label.name));
    field_bytes(one, 2, view(label.value));
    field_bytes(out, 1, one);
  }
}

void put_spans(std::string& out, std::uint32_t field, const nx_span* spans, std::uint32_t count) {
  std::string one;
  for (std::uint32_t i = 0; i < count; ++i) {
    one.clear();
    field_number(one, 1, folded(spans[i].offset));
    field_number(one, 2, spans[i].length);
    field_bytes(out, field, one);
  }
}

// Deltas go to `field`, counts to the field after it, both packed.
void put_buckets(std::string& out, std::uint32_t field, const nx_histogram& h,
                 const nx_buckets& buckets, std::uint32_t count) {
  if (count == 0) return;
  std::string packed;
  for (std::uint32_t i = 0; i < count; ++i) {
    h.is_float != 0 ? put_fixed(packed, buckets.counts[i])
                    : put_number(packed, folded(buckets.deltas[i]));
  }
  field_bytes(out, h.is_float != 0 ? field + 1 : field, packed);
}

std::string histogram_message(std::int64_t t, const nx_histogram& h) {
  std::string out;
  if (h.is_float != 0) {
    field_double(out, 2, h.count.f);
  } else {
    field_number(out, 1, h.count.u);
  }
  field_double(out, 3, h.sum);
  field_number(out, 4, folded(h.schema));
  field_double(out, 5, h.zero_threshold);
  if (h.is_float != 0) {
    field_double(out, 7, h.zero_count.f);
  } else {
    field_number(out, 6, h.zero_count.u);
  }
  put_spans(out, 8, h.neg_spans, h.neg_span_count);
  put_buckets(out, 9, h, h.neg, h.neg_bucket_count);
  put_spans(out, 11, h.pos_spans, h.pos_span_count);
  put_buckets(out, 12, h, h.pos, h.pos_bucket_count);
  field_number(out, 14, h.reset_hint);
  field_number(out, 15, static_cast<std::uint64_t>(t));
  std::string bounds;
  for (std::uint32_t i = 0; i < h.custom_value_count; ++i) put_fixed(bounds, h.custom_values[i]);
  if (!bounds.empty()) field_bytes(out, 16, bounds);
  return out;
}

}  // namespace

SeriesMessage::SeriesMessage(std::span<const nx_label> labels) { put_labels(bytes_, labels); }

void SeriesMessage::add(std::int64_t t, double value) {
  std::string sample;
  field_double(sample, 1, value);
  field_number(sample, 2, static_cast<std::uint64_t>(t));
  field_bytes(bytes_, 2, sample);
}

void SeriesMessage::add(std::int64_t t, const nx_histogram& histogram) {
  field_bytes(bytes_, 4, histogram_message(t, histogram));
}

void SeriesMessage::add_exemplar(std::int64_t t, double value, std::span<const nx_label> labels) {
  std::string exemplar;
  put_labels(exemplar, labels);
  field_double(exemplar, 2, value);
  field_number(exemplar, 3, static_cast<std::uint64_t>(t));
  field_bytes(bytes_, 3, exemplar);
}

void SeriesMessage::append_to(std::string& request) const { field_bytes(request, 1, bytes_); }

void append_metadata(std::string& request, const FamilyFacts& facts) {
  std::string out;
  field_number(out, 1, facts.type);
  field_bytes(out, 2, facts.name);
  field_bytes(out, 4, facts.help);
  field_bytes(out, 5, facts.unit);
  field_bytes(request, 3, out);
}

}  // namespace narthex::transfer
