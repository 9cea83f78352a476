// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/request_columns.hpp"

#include "plugins/ingest/remote_write/histogram_message.hpp"

#include <protozero/pbf_reader.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace narthex::ingest::remote_write {
namespace {

struct SampleMessage {
  double value = 0;
  std::int64_t time = 0;
  std::int64_t start = 0;
};

constexpr std::size_t kPlainTimeAt = 10;
constexpr std::size_t kPlainTimeMax = 8;

// A varint of `size` bytes, lowest in a word, by its bits: all but the last byte say that more
// follow.
struct VarintShape {
  explicit VarintShape(std::size_t size)
      : used(~std::uint64_t{0} >> (64 - 8 * size)), end(std::uint64_t{0x80} << (8 * size - 8)) {}
  bool fits(std::uint64_t word) const { return (~word & kMore & used) == end; }
  std::int64_t value(std::uint64_t word) const {
    word &= used & ~kMore;
    // Neighbours are put together: 7 bits of 8 become 14 of 16, 28 of 32, 56.
    word = (word & 0x007F007F007F007F) | (word & 0x7F007F007F007F00) >> 1;
    word = (word & 0x00003FFF00003FFF) | (word & 0x3FFF00003FFF0000) >> 2;
    word = (word & 0x000000000FFFFFFF) | (word & 0x0FFFFFFF00000000) >> 4;
    return static_cast<std::int64_t>(word);
  }
  static constexpr std::uint64_t kMore = 0x8080808080808080;
  std::uint64_t used;
  std::uint64_t end;
};

// A sample as senders write it: a value, then a time of now. False: read it field by field.
bool parse_plain_sample(std::string_view message, SampleMessage& out) {
  if (message.size() <= kPlainTimeAt || message.size() > kPlainTimeAt + kPlainTimeMax ||
      message[0] != 0x09 || message[9] != 0x10) {
    return false;
  }
  const std::size_t size = message.size() - kPlainTimeAt;
  const VarintShape shape(size);
  // The last eight bytes of the message, of which those of the time are the upper ones.
  std::uint64_t time = 0;
  std::memcpy(&time, message.data() + message.size() - sizeof time, sizeof time);
  time >>= 64 - 8 * size;
  if (!shape.fits(time)) return false;
  std::memcpy(&out.value, message.data() + 1, sizeof out.value);
  out.time = shape.value(time);
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

// Samples of one series are of one length, since their times are: all have the bytes of the first
// one but for value and time. The last one may be too near the end to be read by words; it is left.
std::string_view RequestColumns::add_plain_samples(std::string_view bytes) {
  constexpr std::size_t kRun = 64;
  constexpr std::size_t kHead = 2;  // tag of field 2, length
  constexpr std::size_t kRead = kHead + kPlainTimeAt + sizeof(std::uint64_t);
  if (bytes.size() < kRead || bytes[0] != 0x12) return bytes;
  const std::size_t length = static_cast<unsigned char>(bytes[1]);
  if (length <= kPlainTimeAt || length > kPlainTimeAt + kPlainTimeMax) return bytes;
  const VarintShape shape(length - kPlainTimeAt);
  std::array<std::int64_t, kRun> times;
  std::array<double, kRun> values;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::size_t count = 0;
  do {
    for (count = 0; count < kRun && static_cast<std::size_t>(end - at) >= kRead; ++count) {
      std::uint64_t time = 0;
      std::memcpy(&time, at + kHead + kPlainTimeAt, sizeof time);
      const bool plain = at[0] == 0x12 && at[1] == bytes[1] && at[kHead] == 0x09 &&
                         at[kHead + 9] == 0x10 && shape.fits(time);
      if (!plain) break;
      std::memcpy(&values[count], at + kHead + 1, sizeof(double));
      times[count] = shape.value(time);
      at += kHead + length;
    }
    t.insert(t.end(), times.begin(), times.begin() + count);
    v.insert(v.end(), values.begin(), values.begin() + count);
  } while (count == kRun);
  if (!st.empty()) st.resize(t.size(), 0);
  if (!h.empty()) h.resize(t.size(), NX_NONE);
  return bytes.substr(static_cast<std::size_t>(at - bytes.data()));
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
