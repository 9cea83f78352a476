// SPDX-License-Identifier: Apache-2.0
// write_message.hpp - bodies of remote write 1.0, built field by field, so that tests can also send
// what no sender would: labels out of order, fields twice, arrays one by one.
//
//   const std::string body = SeriesMessage().label("__name__", "up").sample(1, t).in_request();
#pragma once

#include <narthex/data.h>

#include <protozero/pbf_writer.hpp>
#include <snappy.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

inline std::string pack_snappy(std::string_view decoded) {
  std::string out;
  snappy::Compress(decoded.data(), decoded.size(), &out);
  return out;
}

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// An integer or float histogram; deltas or counts, as is_float says.
struct HistogramParts {
  bool is_float = false;
  double count = 0, sum = 0, zero_count = 0, zero_threshold = 0;
  std::int32_t schema = 0;
  std::vector<nx_span> positive_spans, negative_spans;
  std::vector<std::int64_t> positive_deltas, negative_deltas;
  std::vector<double> positive_counts, negative_counts, custom_values;
  std::int32_t reset_hint = 0;
  std::int64_t t = 0;

  std::string message() const {
    std::string out;
    protozero::pbf_writer writer(out);
    if (is_float) {
      writer.add_double(2, count);
      writer.add_double(7, zero_count);
    } else {
      writer.add_uint64(1, static_cast<std::uint64_t>(count));
      writer.add_uint64(6, static_cast<std::uint64_t>(zero_count));
    }
    writer.add_double(3, sum);
    writer.add_sint32(4, schema);
    writer.add_double(5, zero_threshold);
    add_spans(writer, 8, negative_spans);
    writer.add_packed_sint64(9, negative_deltas.begin(), negative_deltas.end());
    writer.add_packed_double(10, negative_counts.begin(), negative_counts.end());
    add_spans(writer, 11, positive_spans);
    writer.add_packed_sint64(12, positive_deltas.begin(), positive_deltas.end());
    writer.add_packed_double(13, positive_counts.begin(), positive_counts.end());
    writer.add_enum(14, reset_hint);
    writer.add_int64(15, t);
    writer.add_packed_double(16, custom_values.begin(), custom_values.end());
    return out;
  }

 private:
  static void add_spans(protozero::pbf_writer& writer, protozero::pbf_tag_type tag,
                        const std::vector<nx_span>& spans) {
    for (const nx_span& span : spans) {
      protozero::pbf_writer inner(writer, tag);
      inner.add_sint32(1, span.offset);
      inner.add_uint32(2, span.length);
    }
  }
};

class SeriesMessage {
 public:
  SeriesMessage& label(std::string_view name, std::string_view value) {
    protozero::pbf_writer writer(bytes_);
    add_label(writer, name, value);
    return *this;
  }
  SeriesMessage& sample(double value, std::int64_t t) {
    protozero::pbf_writer writer(bytes_);
    protozero::pbf_writer inner(writer, 2);
    inner.add_double(1, value);
    inner.add_int64(2, t);
    return *this;
  }
  SeriesMessage& exemplar(const TextPairs& labels, double value, std::int64_t t) {
    protozero::pbf_writer writer(bytes_);
    protozero::pbf_writer inner(writer, 3);
    for (const auto& [name, text] : labels) add_label(inner, name, text);
    inner.add_double(2, value);
    inner.add_int64(3, t);
    return *this;
  }
  SeriesMessage& histogram(const HistogramParts& parts) { return raw(4, parts.message()); }
  // A field of any bytes.
  SeriesMessage& raw(protozero::pbf_tag_type tag, std::string_view message) {
    protozero::pbf_writer writer(bytes_);
    writer.add_message(tag, message.data(), message.size());
    return *this;
  }
  // As the only, or one of several series of a request: requests are joined by concatenation.
  std::string in_request() const {
    std::string out;
    protozero::pbf_writer writer(out);
    writer.add_message(1, bytes_);
    return out;
  }

 private:
  static void add_label(protozero::pbf_writer& writer, std::string_view name,
                        std::string_view value) {
    protozero::pbf_writer inner(writer, 1);
    inner.add_bytes(1, name.data(), name.size());
    inner.add_bytes(2, value.data(), value.size());
  }
  std::string bytes_;
};

inline std::string metadata_in_request(std::int32_t type, std::string_view family,
                                       std::string_view help, std::string_view unit) {
  std::string out;
  protozero::pbf_writer writer(out);
  protozero::pbf_writer inner(writer, 3);
  inner.add_enum(1, type);
  inner.add_bytes(2, family.data(), family.size());
  inner.add_bytes(4, help.data(), help.size());
  inner.add_bytes(5, unit.data(), unit.size());
  return out;
}

}  // namespace narthex::test
