// SPDX-License-Identifier: Apache-2.0
#include "federate/family_message.hpp"

#include <narthex/sdk/protobuf.hpp>
#include <narthex/sdk/text.hpp>

#include <vector>

namespace narthex::federate {

namespace {

namespace protobuf = sdk::protobuf;

enum class FamilyType : std::uint32_t { kUntyped = 3, kHistogram = 4, kGaugeHistogram = 5 };

FamilyType type_of(const LatestSample& sample) {
  switch (family_kind(sample)) {
    case FamilyKind::kFloat:
      return FamilyType::kUntyped;
    case FamilyKind::kHistogram:
    case FamilyKind::kCustom:
      return FamilyType::kHistogram;
    default:
      return FamilyType::kGaugeHistogram;
  }
}

double number_of(const nx_histogram& h, nx_count count) {
  return h.is_float != 0 ? count.f : static_cast<double>(count.u);
}

// Absolute counts, one a bucket.
std::vector<double> counts_of(const nx_histogram& h, const nx_buckets& buckets,
                              std::uint32_t size) {
  if (h.is_float != 0) return {buckets.counts, buckets.counts + size};
  std::vector<double> counts(size);
  std::int64_t count = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    counts[i] = static_cast<double>(count += buckets.deltas[i]);
  }
  return counts;
}

void put_span(std::string& out, std::uint32_t field, const nx_span& span) {
  std::string message;
  protobuf::sint64(message, 1, span.offset);
  protobuf::number(message, 2, span.length);
  protobuf::bytes(out, field, message);
}

// Spans go to `field`, counts two fields after it.
void put_buckets(std::string& out, std::uint32_t field, const nx_span* spans,
                 std::uint32_t span_count, const std::vector<double>& counts) {
  for (std::uint32_t i = 0; i < span_count; ++i) put_span(out, field, spans[i]);
  for (const double count : counts) protobuf::float64(out, field + 2, count);
}

void put_native(std::string& out, const nx_histogram& h) {
  protobuf::sint64(out, 5, h.schema);
  protobuf::float64(out, 6, h.zero_threshold);
  protobuf::float64(out, 8, number_of(h, h.zero_count));
  put_buckets(out, 9, h.neg_spans, h.neg_span_count, counts_of(h, h.neg, h.neg_bucket_count));
  put_buckets(out, 12, h.pos_spans, h.pos_span_count, counts_of(h, h.pos, h.pos_bucket_count));
  // A span of no buckets tells an empty native histogram from a classic one.
  if (h.pos_span_count + h.neg_span_count == 0) put_span(out, 12, {0, 0});
}

// Bucket i of a custom histogram ends at bound i; the one after the last is +Inf, which is the
// count.
void put_classic(std::string& out, const nx_histogram& h) {
  const std::vector<double> counts = counts_of(h, h.pos, h.pos_bucket_count);
  std::vector<double> at_bound(h.custom_value_count);
  std::size_t next = 0;
  std::int64_t index = 0;
  for (std::uint32_t s = 0; s < h.pos_span_count; ++s) {
    index += h.pos_spans[s].offset;
    for (std::uint32_t i = 0; i < h.pos_spans[s].length && next < counts.size(); ++i, ++index) {
      const double count = counts[next++];
      if (index >= 0 && index < static_cast<std::int64_t>(at_bound.size())) {
        at_bound[static_cast<std::size_t>(index)] = count;
      }
    }
  }
  double cumulative = 0;
  for (std::size_t i = 0; i < at_bound.size(); ++i) {
    std::string bucket;
    protobuf::float64(bucket, 2, h.custom_values[i]);
    protobuf::float64(bucket, 4, cumulative += at_bound[i]);
    protobuf::bytes(out, 3, bucket);
  }
}

std::string histogram_message(const nx_histogram& h) {
  std::string message;
  protobuf::float64(message, 4, number_of(h, h.count));
  protobuf::float64(message, 2, h.sum);
  h.schema == NX_SCHEMA_CUSTOM ? put_classic(message, h) : put_native(message, h);
  return message;
}

}  // namespace

FamilyMessage::FamilyMessage(const LatestSample& first, Escaping escaping)
    : first_(first), escaping_(escaping) {
  protobuf::bytes(bytes_, 1, escape_name(first.name, escaping));
  protobuf::number(bytes_, 3, static_cast<std::uint64_t>(type_of(first)));
}

bool FamilyMessage::takes(const LatestSample& sample) const {
  return sample.name == first_.name && family_kind(sample) == family_kind(first_);
}

void FamilyMessage::add(const LatestSample& sample, std::span<const nx_label> labels) {
  std::string metric, inner;
  for (const nx_label& label : labels) {
    inner.clear();
    protobuf::bytes(inner, 1, escape_name(view(label.name), escaping_));
    protobuf::bytes(inner, 2, view(label.value));
    protobuf::bytes(metric, 1, inner);
  }
  inner.clear();
  if (sample.histogram == nullptr) {
    protobuf::float64(inner, 1, sample.v);
    protobuf::bytes(metric, 5, inner);
  } else {
    protobuf::bytes(metric, 7, histogram_message(*sample.histogram));
  }
  protobuf::int64(metric, 6, sample.t);
  protobuf::bytes(bytes_, 4, metric);
}

void FamilyMessage::append_delimited(std::string& out) const {
  protobuf::put_varint(out, bytes_.size());
  out += bytes_;
}

}  // namespace narthex::federate
