// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/request_columns.hpp"

#include "plugins/ingest/remote_write/histogram_message.hpp"

#include <protozero/pbf_reader.hpp>

#include <cstring>
#include <utility>

namespace narthex::ingest::remote_write {
namespace {

struct SampleMessage {
  double value = 0;
  std::int64_t time = 0;
  std::int64_t start = 0;
};

// A sample as senders write it: a value, then a time of now. False: read it field by field.
bool parse_plain_sample(std::string_view message, SampleMessage& out) {
  constexpr std::size_t kTimeAt = 10;
  constexpr std::size_t kTimeBytesMax = 8;
  if (message.size() <= kTimeAt || message.size() > kTimeAt + kTimeBytesMax || message[0] != 0x09 ||
      message[9] != 0x10) {
    return false;
  }
  std::uint64_t time = 0;
  for (std::size_t i = kTimeAt; i < message.size(); ++i) {
    const auto byte = static_cast<unsigned char>(message[i]);
    if ((byte < 0x80) != (i + 1 == message.size())) return false;
    time |= std::uint64_t{byte & 0x7Fu} << (7 * (i - kTimeAt));
  }
  std::memcpy(&out.value, message.data() + 1, sizeof out.value);
  out.time = static_cast<std::int64_t>(time);
  return true;
}

SampleMessage parse_sample(std::string_view message) {
  using protozero::pbf_wire_type;
  SampleMessage out;
  if (parse_plain_sample(message, out)) return out;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case protozero::tag_and_type(1, pbf_wire_type::fixed64):
        out.value = reader.get_double();
        break;
      case protozero::tag_and_type(2, pbf_wire_type::varint):
        out.time = reader.get_int64();
        break;
      case protozero::tag_and_type(3, pbf_wire_type::varint):
        out.start = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

}  // namespace

void RequestColumns::begin_series(std::string_view message) {
  RequestSeries& current = series.emplace_back();
  current.message = message;
  current.first_row = static_cast<std::uint32_t>(rows());
}

void RequestColumns::end_series() {
  RequestSeries& current = series.back();
  current.row_count = static_cast<std::uint32_t>(rows()) - current.first_row;
}

void RequestColumns::add_row(std::int64_t time, double value, std::int64_t start) {
  if (start != 0 && st.empty()) st.assign(t.size(), 0);
  t.push_back(time);
  v.push_back(value);
  if (start != 0 || !st.empty()) st.push_back(start);
}

void RequestColumns::add_sample(std::string_view message) {
  const SampleMessage sample = parse_sample(message);
  add_row(sample.time, sample.value, sample.start);
  if (!h.empty()) h.push_back(NX_NONE);
}

void RequestColumns::add_histogram(std::string_view message) {
  const HistogramMessage parsed = parse_histogram(message, histogram_memory_);
  if (h.empty()) h.assign(t.size(), NX_NONE);
  add_row(parsed.t, 0, parsed.start);
  h.push_back(static_cast<std::uint32_t>(histograms.size()));
  histograms.push_back(parsed.histogram);
}

void RequestColumns::add_exemplar(std::string_view message) {
  exemplars.push_back({static_cast<std::uint32_t>(series.size() - 1), message});
  ++series.back().exemplar_count;
}

void RequestColumns::set_series_start(std::int64_t start_ms) {
  const std::size_t first = series.back().first_row;
  if (start_ms == 0 || first == rows()) return;
  if (st.empty()) st.assign(t.size(), 0);
  for (std::size_t r = first; r < rows(); ++r) {
    if (st[r] == 0) st[r] = start_ms;
  }
}

void RequestColumns::clear() {
  series.clear();
  t.clear();
  st.clear();
  v.clear();
  h.clear();
  histograms.clear();
  exemplars.clear();
  metadata.clear();
  histogram_memory_.release();
}

void RequestColumns::shrink() {
  constexpr std::size_t kKeepRows = 64 << 10;
  if (t.capacity() > kKeepRows || series.capacity() > kKeepRows) {
    series = {};
    t = {};
    st = {};
    v = {};
    h = {};
  }
  clear();
}

}  // namespace narthex::ingest::remote_write
