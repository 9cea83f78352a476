// SPDX-License-Identifier: Apache-2.0
#include "remote_write/message.hpp"

#include "remote_write/histogram_fields.hpp"

#include <protozero/pbf_writer.hpp>
#include <snappy.h>

#include <atomic>
#include <unordered_map>

namespace narthex::remote_write {
namespace {

using protozero::pbf_writer;

// Symbols of a request of 2.0: the empty one first, as the protocol wants it.
class Symbols {
 public:
  Symbols() { (void)ref(std::string_view("", 0)); }
  std::uint32_t ref(std::string_view text) {
    const auto [at, fresh] = refs_.emplace(text, static_cast<std::uint32_t>(refs_.size()));
    if (fresh) texts_.push_back(text);
    return at->second;
  }
  void write(pbf_writer& out) const {
    for (const std::string_view text : texts_) out.add_bytes(4, text.data(), text.size());
  }

 private:
  std::unordered_map<std::string_view, std::uint32_t> refs_;
  std::vector<std::string_view> texts_;
};

void write_sample(pbf_writer& series, const OutRow& row, bool with_start) {
  pbf_writer sample(series, 2);
  sample.add_double(1, row.v);
  sample.add_int64(2, row.t);
  if (with_start && row.start != 0) sample.add_int64(3, row.start);
}

void write_exemplar_value(pbf_writer& exemplar, const Frame::ExemplarRow& row) {
  exemplar.add_double(2, row.value);
  exemplar.add_int64(3, row.t);
}

void write_row_v1(pbf_writer& series, const OutRow& row) {
  if (row.exemplar != nullptr) {
    pbf_writer exemplar(series, 3);
    for (const auto& [name, value] : row.exemplar->labels) {
      pbf_writer label(exemplar, 1);
      label.add_bytes(1, name.data(), name.size());
      label.add_bytes(2, value.data(), value.size());
    }
    write_exemplar_value(exemplar, *row.exemplar);
  } else if (row.histogram != nullptr) {
    pbf_writer histogram(series, 4);
    write_histogram_fields(histogram, row.histogram->histogram, row.t, 0);
  } else {
    write_sample(series, row, false);
  }
}

void write_row_v2(pbf_writer& series, const OutRow& row, Symbols& symbols) {
  if (row.exemplar != nullptr) {
    pbf_writer exemplar(series, 4);
    std::vector<std::uint32_t> refs;
    for (const auto& [name, value] : row.exemplar->labels) {
      refs.push_back(symbols.ref(name));
      refs.push_back(symbols.ref(value));
    }
    exemplar.add_packed_uint32(1, refs.begin(), refs.end());
    write_exemplar_value(exemplar, *row.exemplar);
  } else if (row.histogram != nullptr) {
    pbf_writer histogram(series, 3);
    write_histogram_fields(histogram, row.histogram->histogram, row.t, row.start);
  } else {
    write_sample(series, row, true);
  }
}

void write_metadata_v2(pbf_writer& series, const FamilyMetadata& family, Symbols& symbols) {
  pbf_writer metadata(series, 5);
  if (family.type != NX_TYPE_UNKNOWN) {
    metadata.add_enum(1, static_cast<std::int32_t>(family.type));
  }
  if (!family.help.empty()) metadata.add_uint32(3, symbols.ref(family.help));
  if (!family.unit.empty()) metadata.add_uint32(4, symbols.ref(family.unit));
}

}  // namespace

const FamilyMetadata* find_family(const FamilyTable& families, std::string_view name) {
  const auto exact = families.find(name);
  if (exact != families.end()) return &exact->second;
  for (const std::string_view ending : {"_bucket", "_count", "_sum"}) {
    if (!name.ends_with(ending)) continue;
    const auto at = families.find(name.substr(0, name.size() - ending.size()));
    if (at == families.end()) return nullptr;
    const std::uint32_t type = at->second.type;
    const bool has_it = type == NX_TYPE_HISTOGRAM || type == NX_TYPE_GAUGEHISTOGRAM ||
                        (type == NX_TYPE_SUMMARY && ending != "_bucket");
    return has_it ? &at->second : nullptr;
  }
  return nullptr;
}

// Series carry where they stand: no map is needed. Requests are numbered over all writers, since
// series may be shared.
void MessageWriter::group(std::span<const OutRow> rows) {
  static std::atomic<std::uint64_t> requests{0};
  request_ = ++requests;
  count_ = 0;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const TargetSeries& series = *rows[i].series;
    if (series.request != request_) {
      series.request = request_;
      series.slot = static_cast<std::uint32_t>(count_++);
      if (groups_.size() < count_) groups_.emplace_back();
      groups_[series.slot].clear();
    }
    groups_[series.slot].push_back(i);
  }
}

std::string MessageWriter::version1(std::span<const OutRow> rows) {
  group(rows);
  std::string out;
  pbf_writer request(out);
  for (std::size_t g = 0; g < count_; ++g) {
    std::string bytes = rows[groups_[g][0]].series->label_fields;
    pbf_writer series(bytes);
    for (const std::uint32_t i : groups_[g]) write_row_v1(series, rows[i]);
    request.add_message(1, bytes);
  }
  return out;
}

std::string MessageWriter::version2(std::span<const OutRow> rows, const FamilyTable& families) {
  group(rows);
  Symbols symbols;
  std::string all;
  pbf_writer body(all);
  std::vector<std::uint32_t> refs;
  for (std::size_t g = 0; g < count_; ++g) {
    const OutRow& first = rows[groups_[g][0]];
    pbf_writer series(body, 5);
    refs.clear();
    for (const auto& [name, value] : first.series->labels) {
      refs.push_back(symbols.ref(name));
      refs.push_back(symbols.ref(value));
    }
    series.add_packed_uint32(1, refs.begin(), refs.end());
    for (const std::uint32_t i : groups_[g]) write_row_v2(series, rows[i], symbols);
    const FamilyMetadata* family = find_family(families, first.series->labels.get(kMetricName));
    if (family != nullptr) write_metadata_v2(series, *family, symbols);
    // Receivers from before start times came with each sample take them here.
    if (first.start != 0) series.add_int64(6, first.start);
  }
  std::string out;
  pbf_writer request(out);
  symbols.write(request);
  return out + all;
}

std::string metadata_message(FamilyTable::const_iterator first, FamilyTable::const_iterator last) {
  std::string out;
  pbf_writer request(out);
  for (; first != last; ++first) {
    pbf_writer metadata(request, 3);
    metadata.add_enum(1, static_cast<std::int32_t>(first->second.type));
    metadata.add_string(2, first->first);
    metadata.add_string(4, first->second.help);
    metadata.add_string(5, first->second.unit);
  }
  return out;
}

RowCounts count_rows(std::span<const OutRow> rows) {
  RowCounts counts;
  for (const OutRow& row : rows) {
    ++(row.exemplar != nullptr    ? counts.exemplars
       : row.histogram != nullptr ? counts.histograms
                                  : counts.samples);
  }
  return counts;
}

std::string pack(std::string_view message) {
  std::string out;
  snappy::Compress(message.data(), message.size(), &out);
  return out;
}

}  // namespace narthex::remote_write
