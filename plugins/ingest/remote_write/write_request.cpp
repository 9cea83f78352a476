// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/write_request.hpp"

#include <narthex/sdk/text.hpp>

#include <protozero/pbf_reader.hpp>

#include <string>

namespace narthex::ingest::remote_write {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

std::string_view slice(protozero::data_view view) { return {view.data(), view.size()}; }

constexpr std::uint32_t field(protozero::pbf_tag_type tag, pbf_wire_type type) {
  return protozero::tag_and_type(tag, type);
}

constexpr std::uint32_t kLabel = field(1, pbf_wire_type::length_delimited);
constexpr std::uint32_t kSample = field(2, pbf_wire_type::length_delimited);
constexpr std::uint32_t kExemplar = field(3, pbf_wire_type::length_delimited);
constexpr std::uint32_t kHistogram = field(4, pbf_wire_type::length_delimited);

// Behind the labels that a series begins with, as far as they are shorter than 128 bytes each.
const char* skip_short_labels(std::string_view message) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (end - at >= 2 && at[0] == kLabel && at[1] >= 0 && end - at - 2 >= at[1]) at += 2 + at[1];
  return at;
}

}  // namespace

Status WriteRequest::parse(std::string_view body) {
  columns.clear();
  pbf_reader reader(body.data(), body.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case field(1, pbf_wire_type::length_delimited):
        if (columns.series.size() == kSeriesMax) {
          return invalid_data("the body has more than " + std::to_string(kSeriesMax) + " series");
        }
        parse_series(slice(reader.get_view()));
        break;
      case field(3, pbf_wire_type::length_delimited):
        parse_metadata(slice(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  return Status();
}

void WriteRequest::parse_series(std::string_view message) {
  columns.begin_series(message);
  const char* labels_end = skip_short_labels(message);
  bool together = true;  // labels come first, one after the other: as all senders write them
  std::uint32_t before = kLabel;
  pbf_reader reader(labels_end,
                    message.size() - static_cast<std::size_t>(labels_end - message.data()));
  while (reader.next()) {
    const std::uint32_t what = reader.tag_and_type();
    switch (what) {
      case kLabel: {
        const protozero::data_view label = reader.get_view();
        together = together && before == kLabel;
        labels_end = label.data() + label.size();
        break;
      }
      case kSample: {
        columns.add_sample(slice(reader.get_view()));
        const std::string_view rest = columns.add_plain_samples(slice(reader.data()));
        reader = pbf_reader(rest.data(), rest.size());
        break;
      }
      case kExemplar:
        columns.add_exemplar(slice(reader.get_view()));
        break;
      case kHistogram:
        columns.add_histogram(slice(reader.get_view()));
        break;
      default:
        reader.skip();
    }
    before = what;
  }
  columns.end_series();
  if (!together) return;
  const auto size = static_cast<std::size_t>(labels_end - message.data());
  columns.series.back().labels = message.substr(0, size);
}

void WriteRequest::parse_metadata(std::string_view message) {
  nx_metadata meta{};
  meta.series = NX_NONE;
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case field(1, pbf_wire_type::varint): {
        const std::int32_t type = reader.get_enum();
        meta.type = type >= 0 && type <= NX_TYPE_STATESET ? static_cast<std::uint32_t>(type) : 0;
        break;
      }
      case field(2, pbf_wire_type::length_delimited):
        meta.family = to_nx(slice(reader.get_view()));
        break;
      case field(4, pbf_wire_type::length_delimited):
        meta.help = to_nx(slice(reader.get_view()));
        break;
      case field(5, pbf_wire_type::length_delimited):
        meta.unit = to_nx(slice(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  columns.metadata.push_back(meta);
}

void WriteRequest::make_keys(std::span<SeriesKey> keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = key_of(columns.series[i].labels);
}

std::string WriteRequest::read_labels(std::uint32_t series, std::size_t labels_max,
                                      LabelSet& out) const {
  out.parse(columns.series[series].message, labels_max);
  return {};
}

ParsedExemplar WriteRequest::read_exemplar(const RequestExemplar& exemplar,
                                           LabelSet& scratch) const {
  ParsedExemplar out;
  scratch.parse(exemplar.message, kExemplarLabelsMax);
  for (const auto& [name, value] : scratch.labels())
    out.labels.push_back({to_nx(name), to_nx(value)});
  pbf_reader reader(exemplar.message.data(), exemplar.message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case field(2, pbf_wire_type::fixed64):
        out.value = reader.get_double();
        break;
      case field(3, pbf_wire_type::varint):
        out.t = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

}  // namespace narthex::ingest::remote_write
