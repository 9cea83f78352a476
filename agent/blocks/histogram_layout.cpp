// SPDX-License-Identifier: Apache-2.0
#include "blocks/histogram_layout.hpp"

#include <algorithm>
#include <cmath>

namespace narthex::blocks {

namespace {

// Powers of two from 2^-243 to 2^10 are one byte, 1 to 254; 0 is zero, 255 announces a float64.
constexpr int kThresholdBias = 243;
constexpr std::uint64_t kThresholdRaw = 255;
// Bounds of at most so many thousandths are stored as integers, one more than they are.
constexpr double kBoundMax = 33554430;

double read_threshold(BitReader& in) {
  const std::uint64_t code = in.bits(8);
  if (code == 0) return 0;
  if (code == kThresholdRaw) return in.float64();
  return std::ldexp(0.5, static_cast<int>(code) - kThresholdBias);
}

void write_threshold(BitWriter& out, double threshold) {
  if (threshold == 0) return out.bits(0, 8);
  int exponent = 0;
  if (std::frexp(threshold, &exponent) == 0.5 && exponent > -kThresholdBias && exponent <= 11) {
    return out.bits(static_cast<std::uint64_t>(exponent + kThresholdBias), 8);
  }
  out.bits(kThresholdRaw, 8);
  out.float64(threshold);
}

Status read_spans(BitReader& in, std::size_t& buckets_left, std::vector<nx_span>& out) {
  const std::uint64_t count = in.varbit_uint();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t length = in.varbit_uint();
    const std::int64_t offset = in.varbit_int();
    if (in.failed() || length > buckets_left || offset != static_cast<std::int32_t>(offset)) {
      return invalid_data("the spans of the histograms make no sense");
    }
    buckets_left -= length;
    out.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
  return Status();
}

void write_spans(BitWriter& out, const std::vector<nx_span>& spans) {
  out.varbit_uint(spans.size());
  for (const nx_span& span : spans) {
    out.varbit_uint(span.length);
    out.varbit_int(span.offset);
  }
}

Status read_bounds(BitReader& in, std::vector<double>& out) {
  const std::uint64_t count = in.varbit_uint();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t code = in.varbit_uint();
    out.push_back(code == 0 ? in.float64() : static_cast<double>(code - 1) / 1000);
    if (in.failed()) return invalid_data("the bounds of the histograms are cut off");
  }
  return Status();
}

void write_bounds(BitWriter& out, const std::vector<double>& bounds) {
  out.varbit_uint(bounds.size());
  for (const double bound : bounds) {
    const double thousandths = std::round(bound * 1000);
    if (bound * 1000 >= 0 && thousandths <= kBoundMax && thousandths / 1000 == bound) {
      out.varbit_uint(static_cast<std::uint64_t>(thousandths) + 1);
    } else {
      out.bits(0, 1);
      out.float64(bound);
    }
  }
}

std::uint32_t buckets_of(const std::vector<nx_span>& spans) {
  std::uint32_t count = 0;
  for (const nx_span& span : spans) count += span.length;
  return count;
}

bool same_spans(const std::vector<nx_span>& a, const std::vector<nx_span>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const nx_span& x, const nx_span& y) {
    return x.offset == y.offset && x.length == y.length;
  });
}

}  // namespace

HistogramLayout HistogramLayout::of(const nx_histogram& h) {
  HistogramLayout out;
  out.schema = h.schema;
  out.zero_threshold = h.zero_threshold;
  out.positive.assign(h.pos_spans, h.pos_spans + h.pos_span_count);
  out.negative.assign(h.neg_spans, h.neg_spans + h.neg_span_count);
  if (h.schema == NX_SCHEMA_CUSTOM) {
    out.bounds.assign(h.custom_values, h.custom_values + h.custom_value_count);
  }
  return out;
}

Result<HistogramLayout> HistogramLayout::read(BitReader& in, std::size_t buckets_max) {
  HistogramLayout out;
  out.zero_threshold = read_threshold(in);
  const std::int64_t schema = in.varbit_int();
  if (in.failed() || ((schema < -4 || schema > 8) && schema != NX_SCHEMA_CUSTOM)) {
    return invalid_data("unknown histogram schema " + std::to_string(schema));
  }
  out.schema = static_cast<std::int32_t>(schema);
  Status status = read_spans(in, buckets_max, out.positive);
  if (status.ok()) status = read_spans(in, buckets_max, out.negative);
  if (status.ok() && schema == NX_SCHEMA_CUSTOM) status = read_bounds(in, out.bounds);
  if (!status.ok()) return status;
  return out;
}

void HistogramLayout::write(BitWriter& out) const {
  write_threshold(out, zero_threshold);
  out.varbit_int(schema);
  write_spans(out, positive);
  write_spans(out, negative);
  if (schema == NX_SCHEMA_CUSTOM) write_bounds(out, bounds);
}

std::size_t HistogramLayout::bucket_count() const {
  return std::size_t{buckets_of(positive)} + buckets_of(negative);
}

nx_histogram HistogramLayout::to_histogram(Samples& memory, bool is_float) const {
  nx_histogram out{};
  out.schema = schema;
  out.is_float = is_float ? 1 : 0;
  out.zero_threshold = zero_threshold;
  out.pos_spans = memory.copy(positive.data(), positive.size());
  out.neg_spans = memory.copy(negative.data(), negative.size());
  out.custom_values = memory.copy(bounds.data(), bounds.size());
  out.pos_span_count = static_cast<std::uint32_t>(positive.size());
  out.neg_span_count = static_cast<std::uint32_t>(negative.size());
  out.pos_bucket_count = buckets_of(positive);
  out.neg_bucket_count = buckets_of(negative);
  out.custom_value_count = static_cast<std::uint32_t>(bounds.size());
  return out;
}

bool operator==(const HistogramLayout& a, const HistogramLayout& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         same_spans(a.positive, b.positive) && same_spans(a.negative, b.negative) &&
         a.bounds == b.bounds;
}

}  // namespace narthex::blocks
