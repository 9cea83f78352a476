// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/write_request.hpp"

#include "plugins/ingest/remote_write/histogram_message.hpp"

#include <narthex/sdk/text.hpp>

#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <utility>

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

}  // namespace

void WriteRequest::clear() {
  series.clear();
  t.clear();
  v.clear();
  h.clear();
  histograms.clear();
  exemplars.clear();
  metadata.clear();
  histogram_memory_.release();
}

void WriteRequest::shrink() {
  constexpr std::size_t kKeepRows = 64 << 10;
  if (t.capacity() > kKeepRows || series.capacity() > kKeepRows) {
    series = {};
    t = {};
    v = {};
    h = {};
  }
  clear();
}

void WriteRequest::parse(std::string_view body) {
  clear();
  pbf_reader reader(body.data(), body.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case field(1, pbf_wire_type::length_delimited):
        parse_series(slice(reader.get_view()));
        break;
      case field(3, pbf_wire_type::length_delimited):
        parse_metadata(slice(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
}

void WriteRequest::parse_series(std::string_view message) {
  RequestSeries& current = series.emplace_back();
  current.message = message;
  current.first_row = static_cast<std::uint32_t>(rows());
  const char* labels_end = message.data();
  bool together = true;  // labels come first, one after the other: as all senders write them
  std::uint32_t before = kLabel;
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    const std::uint32_t what = reader.tag_and_type();
    switch (what) {
      case kLabel: {
        const protozero::data_view label = reader.get_view();
        together = together && before == kLabel;
        labels_end = label.data() + label.size();
        break;
      }
      case kSample:
        parse_sample(slice(reader.get_view()));
        break;
      case kExemplar:
        exemplars.push_back(
            {static_cast<std::uint32_t>(series.size() - 1), slice(reader.get_view())});
        ++current.exemplar_count;
        break;
      case kHistogram:
        add_histogram(slice(reader.get_view()));
        break;
      default:
        reader.skip();
    }
    before = what;
  }
  current.row_count = static_cast<std::uint32_t>(rows()) - current.first_row;
  if (together)
    current.labels = message.substr(0, static_cast<std::size_t>(labels_end - message.data()));
}

void WriteRequest::parse_sample(std::string_view message) {
  double value = 0;
  std::int64_t time = 0;
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case field(1, pbf_wire_type::fixed64):
        value = reader.get_double();
        break;
      case field(2, pbf_wire_type::varint):
        time = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  t.push_back(time);
  v.push_back(value);
  if (!h.empty()) h.push_back(NX_NONE);
}

void WriteRequest::add_histogram(std::string_view message) {
  const HistogramMessage parsed = parse_histogram(message, histogram_memory_);
  if (h.empty()) h.assign(t.size(), NX_NONE);
  t.push_back(parsed.t);
  v.push_back(0);
  h.push_back(static_cast<std::uint32_t>(histograms.size()));
  histograms.push_back(parsed.histogram);
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
  metadata.push_back(meta);
}

ParsedExemplar parse_exemplar(std::string_view message, LabelSet& scratch) {
  constexpr std::size_t kLabelsMax = 128;  // each has at least one character, of 128 in all
  ParsedExemplar out;
  scratch.parse(message, kLabelsMax + 1);
  for (const auto& [name, value] : scratch.labels())
    out.labels.push_back({to_nx(name), to_nx(value)});
  pbf_reader reader(message.data(), message.size());
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
