// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/protobuf_writer.hpp"

#include <protozero/pbf_writer.hpp>

namespace narthex::ingest::pushgateway {
namespace {

using protozero::pbf_writer;

void write_spans(pbf_writer& out, protozero::pbf_tag_type tag, const std::vector<nx_span>& spans) {
  for (const nx_span& span : spans) {
    pbf_writer message(out, tag);
    message.add_sint32(1, span.offset);
    message.add_uint32(2, span.length);
  }
}

void write_native(pbf_writer& out, const NativeBuckets& native) {
  out.add_sint32(5, native.schema);
  out.add_double(6, native.zero_threshold);
  if (native.is_float) {
    out.add_double(8, native.zero_count);
  } else {
    out.add_uint64(7, static_cast<std::uint64_t>(native.zero_count));
  }
  write_spans(out, 9, native.negative_spans);
  out.add_packed_sint64(10, native.negative_deltas.begin(), native.negative_deltas.end());
  out.add_packed_double(11, native.negative_counts.begin(), native.negative_counts.end());
  write_spans(out, 12, native.positive_spans);
  out.add_packed_sint64(13, native.positive_deltas.begin(), native.positive_deltas.end());
  out.add_packed_double(14, native.positive_counts.begin(), native.positive_counts.end());
}

// Counts from protobuf integers are below 2^64, those from text are what a double can hold.
void write_count(pbf_writer& out, bool is_float, protozero::pbf_tag_type integer,
                 protozero::pbf_tag_type real, double count) {
  constexpr double kBeyond = 18446744073709551616.0;  // 2^64
  if (is_float || !(count >= 0 && count < kBeyond)) {
    out.add_double(real, count);
  } else {
    out.add_uint64(integer, static_cast<std::uint64_t>(count));
  }
}

void write_summary(pbf_writer& metric, const Metric& from) {
  pbf_writer out(metric, 4);
  out.add_uint64(
      1, from.count < 18446744073709551616.0 ? static_cast<std::uint64_t>(from.count) : UINT64_MAX);
  out.add_double(2, from.sum);
  for (const Quantile& q : from.quantiles) {
    pbf_writer message(out, 3);
    message.add_double(1, q.quantile);
    message.add_double(2, q.value);
  }
}

void write_histogram(pbf_writer& metric, const Metric& from) {
  pbf_writer out(metric, 7);
  write_count(out, from.float_counts, 1, 4, from.count);
  out.add_double(2, from.sum);
  for (const Bucket& b : from.buckets) {
    pbf_writer message(out, 3);
    write_count(message, from.float_counts, 1, 4, b.cumulative_count);
    message.add_double(2, b.upper_bound);
  }
  if (from.native != nullptr) write_native(out, *from.native);
}

void write_metric(pbf_writer& family, const Metric& from) {
  pbf_writer out(family, 4);
  for (const auto& [name, value] : from.labels) {
    pbf_writer pair(out, 1);
    pair.add_string(1, name);
    pair.add_string(2, value);
  }
  switch (from.kind) {
    case FamilyType::kSummary:
      write_summary(out, from);
      break;
    case FamilyType::kHistogram:
    case FamilyType::kGaugeHistogram:
      write_histogram(out, from);
      break;
    default: {
      const protozero::pbf_tag_type tag = from.kind == FamilyType::kCounter ? 3
                                          : from.kind == FamilyType::kGauge ? 2
                                                                            : 5;
      pbf_writer value(out, tag);
      value.add_double(1, from.value);
    }
  }
}

}  // namespace

std::string write_family(const Family& family) {
  std::string message;
  pbf_writer out(message);
  out.add_string(1, family.name);
  if (!family.help.empty()) out.add_string(2, family.help);
  out.add_enum(3, static_cast<std::int32_t>(family.type));
  for (const Metric& metric : family.metrics) write_metric(out, metric);
  return message;
}

}  // namespace narthex::ingest::pushgateway
