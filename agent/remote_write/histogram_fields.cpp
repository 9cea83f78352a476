// SPDX-License-Identifier: Apache-2.0
#include "remote_write/histogram_fields.hpp"

namespace narthex::remote_write {
namespace {

void write_spans(protozero::pbf_writer& out, protozero::pbf_tag_type tag, const nx_span* spans,
                 std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    protozero::pbf_writer span(out, tag);
    span.add_sint32(1, spans[i].offset);
    span.add_uint32(2, spans[i].length);
  }
}

void write_buckets(protozero::pbf_writer& out, const nx_histogram& h,
                   protozero::pbf_tag_type deltas_tag, nx_buckets buckets, std::uint32_t count) {
  if (count == 0) return;
  if (h.is_float != 0) {
    out.add_packed_double(deltas_tag + 1, buckets.counts, buckets.counts + count);
  } else {
    out.add_packed_sint64(deltas_tag, buckets.deltas, buckets.deltas + count);
  }
}

}  // namespace

void write_histogram_fields(protozero::pbf_writer& out, const nx_histogram& h, std::int64_t t,
                            std::int64_t start) {
  if (h.is_float != 0) {
    out.add_double(2, h.count.f);
    out.add_double(7, h.zero_count.f);
  } else {
    out.add_uint64(1, h.count.u);
    out.add_uint64(6, h.zero_count.u);
  }
  out.add_double(3, h.sum);
  out.add_sint32(4, h.schema);
  out.add_double(5, h.zero_threshold);
  write_spans(out, 8, h.neg_spans, h.neg_span_count);
  write_buckets(out, h, 9, h.neg, h.neg_bucket_count);
  write_spans(out, 11, h.pos_spans, h.pos_span_count);
  write_buckets(out, h, 12, h.pos, h.pos_bucket_count);
  if (h.reset_hint != NX_RESET_UNKNOWN) out.add_enum(14, h.reset_hint);
  out.add_int64(15, t);
  if (h.custom_value_count != 0) {
    out.add_packed_double(16, h.custom_values, h.custom_values + h.custom_value_count);
  }
  if (start != 0) out.add_int64(17, start);
}

}  // namespace narthex::remote_write
