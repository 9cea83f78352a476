// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/write_request_v2.hpp"

#include <narthex/sdk/text.hpp>

#include <protozero/pbf_reader.hpp>

#include <string>

namespace narthex::ingest::remote_write {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

std::string_view bytes_of(protozero::data_view view) { return {view.data(), view.size()}; }

constexpr std::uint32_t message_field(protozero::pbf_tag_type tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::length_delimited);
}
constexpr std::uint32_t number_field(protozero::pbf_tag_type tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::varint);
}

constexpr std::uint32_t kLabelRefs = message_field(1);
constexpr std::uint32_t kLabelRef = number_field(1);  // not packed: as valid

// Calls use(ref) for each reference in the first field of a message, packed or one by one.
template <class Use>
void each_label_ref(std::string_view message, Use&& use) {
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    if (reader.tag_and_type() == kLabelRefs) {
      for (const std::uint32_t ref : reader.get_packed_uint32()) use(ref);
    } else if (reader.tag_and_type() == kLabelRef) {
      use(reader.get_uint32());
    } else {
      reader.skip();
    }
  }
}

}  // namespace

Status WriteRequestV2::parse(std::string_view body) {
  columns.clear();
  symbols_.clear();
  metadata_.clear();
  pbf_reader reader(body.data(), body.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case message_field(4):
        if (symbols_.size() == kSeriesMax) {
          return invalid_data("the body has more than " + std::to_string(kSeriesMax) + " symbols");
        }
        symbols_.add(bytes_of(reader.get_view()));
        break;
      case message_field(5):
        if (columns.series.size() == kSeriesMax) {
          return invalid_data("the body has more than " + std::to_string(kSeriesMax) + " series");
        }
        parse_series(bytes_of(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  return Status();
}

void WriteRequestV2::parse_series(std::string_view message) {
  columns.begin_series(message);
  std::string_view labels;
  bool together = true;
  std::int64_t start_ms = 0;
  MetadataRefs& metadata = metadata_.emplace_back();
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case kLabelRefs:
        together = together && labels.empty();
        labels = bytes_of(reader.get_view());
        break;
      case kLabelRef:
        together = false;
        reader.skip();
        break;
      case message_field(2): {
        columns.add_sample(bytes_of(reader.get_view()));
        const std::string_view rest = columns.add_plain_samples(bytes_of(reader.data()));
        reader = pbf_reader(rest.data(), rest.size());
        break;
      }
      case message_field(3):
        columns.add_histogram(bytes_of(reader.get_view()));
        break;
      case message_field(4):
        columns.add_exemplar(bytes_of(reader.get_view()));
        break;
      case message_field(5):
        metadata = parse_metadata(bytes_of(reader.get_view()));
        break;
      case number_field(6):
        start_ms = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  columns.end_series();
  columns.set_series_start(start_ms);
  if (together) columns.series.back().labels = labels;
}

WriteRequestV2::MetadataRefs WriteRequestV2::parse_metadata(std::string_view message) {
  MetadataRefs out;
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case number_field(1): {
        const std::int32_t type = reader.get_enum();
        out.type = type >= 0 && type <= NX_TYPE_STATESET ? static_cast<std::uint32_t>(type) : 0;
        break;
      }
      case number_field(3):
        out.help = reader.get_uint32();
        break;
      case number_field(4):
        out.unit = reader.get_uint32();
        break;
      default:
        reader.skip();
    }
  }
  // Senders without metadata write an empty message.
  out.given = out.type != NX_TYPE_UNKNOWN || out.help != 0 || out.unit != 0;
  return out;
}

void WriteRequestV2::make_keys(std::span<SeriesKey> keys) {
  symbols_.make_hashes();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    RequestSeries& series = columns.series[i];
    const std::optional<SeriesKey> key = symbols_.key_of_refs(series.labels);
    const MetadataRefs& m = metadata_[i];
    // What refers to nowhere is found when labels are read, which only series without a key need.
    if (!key || m.help >= symbols_.size() || m.unit >= symbols_.size()) {
      series.labels = {};
    } else {
      keys[i] = *key;
    }
  }
}

std::string WriteRequestV2::text_of_bad_ref(std::uint32_t ref) const {
  return "symbol reference " + std::to_string(ref) + " of " + std::to_string(symbols_.size()) +
         " symbols";
}

std::string WriteRequestV2::add_labels(std::string_view message, std::size_t labels_max,
                                       LabelSet& out) const {
  out.clear();
  std::string problem;
  std::optional<std::string_view> name;
  each_label_ref(message, [&](std::uint32_t ref) {
    const std::optional<std::string_view> text = symbols_.at(ref);
    if (!text) {
      if (problem.empty()) problem = "invalid labels: " + text_of_bad_ref(ref);
    } else if (!name) {
      name = text;
    } else {
      out.add(*name, *text, labels_max);
      name.reset();
    }
  });
  if (problem.empty() && name) problem = "invalid labels: an odd number of symbol references";
  return problem;
}

std::string WriteRequestV2::read_labels(std::uint32_t series, std::size_t labels_max,
                                        LabelSet& out) const {
  const std::string problem = add_labels(columns.series[series].message, labels_max, out);
  if (!problem.empty() || !metadata_[series].given) return problem;
  for (const std::uint32_t ref : {metadata_[series].help, metadata_[series].unit}) {
    if (ref >= symbols_.size()) return "invalid metadata: " + text_of_bad_ref(ref);
  }
  return {};
}

ParsedExemplar WriteRequestV2::read_exemplar(const RequestExemplar& exemplar,
                                             LabelSet& scratch) const {
  ParsedExemplar out;
  if (!add_labels(exemplar.message, kExemplarLabelsMax, scratch).empty()) {
    out.problem = true;
    return out;
  }
  for (const auto& [name, value] : scratch.labels()) {
    out.labels.push_back({to_nx(name), to_nx(value)});
  }
  pbf_reader reader(exemplar.message.data(), exemplar.message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case protozero::tag_and_type(2, pbf_wire_type::fixed64):
        out.value = reader.get_double();
        break;
      case number_field(3):
        out.t = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

SeriesMetadata WriteRequestV2::metadata_of(std::uint32_t series) const {
  const MetadataRefs& m = metadata_[series];
  if (!m.given || m.help >= symbols_.size() || m.unit >= symbols_.size()) return {};
  SeriesMetadata out;
  out.type = m.type;
  out.help = *symbols_.at(m.help);
  out.unit = *symbols_.at(m.unit);
  const std::uint64_t mixed = symbols_.hash_of(m.help).low + symbols_.hash_of(m.unit).high + m.type;
  out.stamp = mixed != 0 ? mixed : 1;
  return out;
}

void WriteRequestV2::shrink() {
  columns.shrink();
  symbols_.shrink();
  if (metadata_.capacity() > (std::size_t{64} << 10)) metadata_ = {};
}

}  // namespace narthex::ingest::remote_write
