// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_protobuf/histogram_message.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace narthex::prometheus_protobuf {
namespace {

constexpr int kSchemaMin = -4;
constexpr int kSchemaMax = 8;
constexpr char kBucketTag = 3 << 3 | 2;

// A bucket as nearly all encoders write it: count, then bound, nothing else. False: look closer.
bool read_plain_bucket(std::string_view message, ClassicBucket& out) {
  constexpr std::size_t kBoundSize = 1 + sizeof(double);
  constexpr char kCountTag = 1 << 3;
  constexpr char kBoundTag = 2 << 3 | 1;
  if (message.size() < kBoundSize + 2 || message.front() != kCountTag) return false;
  std::uint64_t count = 0;
  const char* const bound = message.data() + message.size() - kBoundSize;
  if (sdk::protobuf::read_varint(message.data() + 1, bound, count) != bound || *bound != kBoundTag)
    return false;
  std::memcpy(&out.bound, bound + 1, sizeof out.bound);
  out.count = static_cast<double>(count);
  return true;
}

bool read_bucket(std::string_view message, ClassicBucket& out, Failure& failure) {
  if (read_plain_bucket(message, out)) return true;
  std::uint64_t count = 0;
  double count_float = 0;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case 1:
        if (fields.expect(f, Wire::kVarint)) count = f.value;
        break;
      case 2:
        if (fields.expect(f, Wire::kFixed64)) out.bound = f.as_double();
        break;
      case 3:
        if (fields.expect(f, Wire::kBytes)) out.exemplar = f.bytes;
        break;
      case 4:
        if (fields.expect(f, Wire::kFixed64)) count_float = f.as_double();
        break;
      default:
        break;
    }
  }
  out.count = count_float != 0 ? count_float : static_cast<double>(count);
  return failure.ok();
}

bool read_span(std::string_view message, nx_span& out, Failure& failure) {
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number > 2 || !fields.expect(f, Wire::kVarint)) continue;
    if (f.number == 1) out.offset = static_cast<std::int32_t>(f.as_signed());
    if (f.number == 2) out.length = static_cast<std::uint32_t>(f.value);
  }
  return failure.ok();
}

// Fields 9 to 14: spans, differences and counts, negative first.
bool read_native_field(const Field& f, FieldReader& fields, HistogramMessage& out,
                       Failure& failure) {
  NativeSide& side = f.number <= 11 ? out.negative : out.positive;
  switch ((f.number - 9) % 3) {
    case 0:
      return fields.expect(f, Wire::kBytes) &&
             read_span(f.bytes, side.spans.emplace_back(), failure);
    case 1:
      return fields.append_zigzags(f, side.deltas);
    default:
      return fields.append_fixed(f, side.counts);
  }
}

// Fields 1 to 8 but 3: single numbers.
bool read_number_field(const Field& f, FieldReader& fields, HistogramMessage& out) {
  const bool varint = f.number == 1 || f.number == 5 || f.number == 7;
  if (!fields.expect(f, varint ? Wire::kVarint : Wire::kFixed64)) return false;
  switch (f.number) {
    case 1:
      out.count = f.value;
      break;
    case 2:
      out.sum = f.as_double();
      break;
    case 4:
      out.count_float = f.as_double();
      break;
    case 5:
      out.schema = static_cast<std::int32_t>(f.as_signed());
      break;
    case 6:
      out.zero_threshold = f.as_double();
      break;
    case 7:
      out.zero_count = f.value;
      break;
    default:
      out.zero_count_float = f.as_double();
      break;
  }
  return true;
}

const std::vector<std::int64_t>& buckets_of(const NativeSide& side, std::int64_t) {
  return side.deltas;
}
const std::vector<double>& buckets_of(const NativeSide& side, double) { return side.counts; }

}  // namespace

void NativeSide::clear() {
  spans.clear();
  deltas.clear();
  counts.clear();
}

void HistogramMessage::clear() {
  count = zero_count = 0;
  count_float = sum = zero_threshold = zero_count_float = 0;
  schema = 0;
  start_ms = 0;
  buckets.clear();
  negative.clear();
  positive.clear();
  exemplars.clear();
}

bool read_histogram(std::string_view message, HistogramMessage& out, Failure& failure) {
  out.clear();
  FieldReader fields(message, failure);
  for (Field f;;) {
    for (std::string_view bucket; fields.next_short(kBucketTag, bucket);) {
      if (!read_bucket(bucket, out.buckets.emplace_back(), failure)) return false;
    }
    if (!fields.next(f)) break;
    if (f.number == 3) {
      (void)read_bucket(fields.bytes(f), out.buckets.emplace_back(), failure);
    } else if (f.number <= 8) {
      (void)read_number_field(f, fields, out);
    } else if (f.number <= 14) {
      (void)read_native_field(f, fields, out, failure);
    } else if (f.number == 15) {
      if (fields.expect(f, Wire::kBytes)) (void)read_timestamp(f.bytes, out.start_ms, failure);
    } else if (f.number == 16) {
      if (fields.expect(f, Wire::kBytes)) out.exemplars.push_back(f.bytes);
    }
    if (!failure.ok()) return false;
  }
  return failure.ok();
}

template <class Count>
bool NativeBuilder::side(const NativeSide& from, sdk::BucketList<Count>& list, Count& sum,
                         std::string_view& problem) {
  const auto& buckets = buckets_of(from, Count{});
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < from.spans.size(); ++i) {
    if (i != 0 && from.spans[i].offset < 0) {
      problem = "histogram has a span whose offset is negative";
      return false;
    }
    length += from.spans[i].length;
  }
  if (length != buckets.size()) {
    problem = "histogram spans specify different number of buckets than provided";
    return false;
  }
  list.clear();
  bool negative = false;
  bool reachable = true;
  sdk::for_each_bucket(std::span<const nx_span>(from.spans), std::span<const Count>(buckets),
                       [&](std::int64_t index, Count count) {
                         negative = negative || count < 0;
                         if constexpr (std::is_integral_v<Count>) {
                           sum = static_cast<Count>(static_cast<std::uint64_t>(sum) +
                                                    static_cast<std::uint64_t>(count));
                         } else {
                           sum += count;
                         }
                         reachable = list.add(index, count) && reachable;
                       });
  if (negative) problem = "histogram has a bucket whose observation count is negative";
  if (!reachable) problem = "histogram has a bucket whose index is out of range";
  return !negative && reachable;
}

template <class Count>
bool NativeBuilder::sides(const HistogramMessage& message, sdk::BucketList<Count>& list,
                          sdk::BumpArena& arena, nx_histogram& out, Count& sum,
                          std::string_view& problem) {
  if (!side(message.negative, list, sum, problem)) return false;
  sdk::set_negative(out, list, arena);
  if (!side(message.positive, list, sum, problem)) return false;
  sdk::set_positive(out, list, arena);
  return true;
}

bool NativeBuilder::build(const HistogramMessage& message, bool gauge, sdk::BumpArena& arena,
                          nx_histogram& out, std::string_view& problem) {
  out = {};
  out.schema = message.schema;
  out.reset_hint = gauge ? NX_RESET_GAUGE : NX_RESET_UNKNOWN;
  out.zero_threshold = message.zero_threshold;
  out.sum = message.sum;
  // The format has no field for custom bounds: without any there is one bucket for everything.
  const bool custom = message.schema == NX_SCHEMA_CUSTOM;
  if (!custom && (message.schema < kSchemaMin || message.schema > kSchemaMax)) {
    problem = "unknown histogram schema";
    return false;
  }
  if (message.is_float()) {
    out.is_float = 1;
    out.zero_count.f = message.zero_count_float;
    out.count.f = message.count_float;
    double sum = 0;
    return sides(message, floats_, arena, out, sum, problem);
  }
  out.zero_count.u = message.zero_count;
  out.count.u = message.count;
  auto sum = static_cast<std::int64_t>(message.zero_count);
  if (!sides(message, integers_, arena, out, sum, problem)) return false;
  const auto counted = static_cast<std::uint64_t>(sum);
  // Observations that are not a number are counted, but in no bucket.
  if (std::isnan(message.sum) ? counted <= message.count : counted == message.count) return true;
  problem = "histogram's observation count is not that of its buckets";
  return false;
}

}  // namespace narthex::prometheus_protobuf
