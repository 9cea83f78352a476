// SPDX-License-Identifier: Apache-2.0
#include "remote_write/frame.hpp"

#include "remote_write/bytes.hpp"
#include "remote_write/histogram_bytes.hpp"

#include <narthex/sdk/text.hpp>

#define XXH_INLINE_ALL
#include <snappy.h>
#include <xxhash.h>

#include <cstring>

namespace narthex::remote_write {
namespace {

constexpr std::uint32_t kFrameMark = 0x4657524E;  // "NRWF": where no frame begins, none is read

std::uint32_t check_of(std::uint32_t rows, std::string_view payload) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(payload.data(), payload.size(), rows));
}

void read_labels(ByteReader& in, std::vector<LabelView>& out) {
  const std::size_t count = in.count(2);
  out.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view name = in.text();
    out.emplace_back(name, in.text());
  }
}

}  // namespace

void encode_label(std::string& out, std::string_view name, std::string_view value) {
  put_text(out, name);
  put_text(out, value);
}

void FrameBuilder::series(std::uint32_t id, std::string_view encoded_labels) {
  ++series_;
  put_varint(series_bytes_, id);
  series_bytes_ += encoded_labels;
}

void FrameBuilder::id_and_time(std::string& out, std::uint32_t id, std::int64_t t) {
  put_signed(out, std::int64_t{id} - std::int64_t{last_id_});
  put_signed(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(t) -
                                            static_cast<std::uint64_t>(last_t_)));
  last_id_ = id;
  last_t_ = t;
}

void FrameBuilder::sample(std::uint32_t id, std::int64_t t, std::int64_t start, double value) {
  ++samples_;
  id_and_time(keys_, id, t);
  has_starts_ = has_starts_ || start != 0;
  put_signed(starts_, start);
  put_double(values_, value);
}

void FrameBuilder::histogram(std::uint32_t id, std::int64_t t, std::int64_t start,
                             std::string_view encoded) {
  ++histograms_;
  put_varint(histogram_bytes_, id);
  put_signed(histogram_bytes_, t);
  put_signed(histogram_bytes_, start);
  histogram_bytes_ += encoded;
}

void FrameBuilder::exemplar(std::uint32_t id, std::int64_t t, double value,
                            std::string_view encoded_labels) {
  ++exemplars_;
  put_varint(exemplar_bytes_, id);
  put_signed(exemplar_bytes_, t);
  put_double(exemplar_bytes_, value);
  exemplar_bytes_ += encoded_labels;
}

std::size_t FrameBuilder::size_bytes() const {
  return series_bytes_.size() + keys_.size() + values_.size() + histogram_bytes_.size() +
         exemplar_bytes_.size();
}

std::string FrameBuilder::take() {
  std::string payload;
  payload.reserve(size_bytes() + 64);
  put_varint(payload, series_);
  payload += series_bytes_;
  put_varint(payload, samples_);
  payload += keys_;
  payload += has_starts_ ? '\1' : '\0';
  if (has_starts_) payload += starts_;
  payload += values_;
  put_varint(payload, histograms_);
  payload += histogram_bytes_;
  put_varint(payload, exemplars_);
  payload += exemplar_bytes_;

  std::string packed;
  snappy::Compress(payload.data(), payload.size(), &packed);
  const std::uint32_t head[] = {kFrameMark, static_cast<std::uint32_t>(packed.size()),
                                check_of(rows(), packed), rows()};
  static_assert(sizeof head == Frame::kHeadBytes);
  std::string frame(reinterpret_cast<const char*>(head), sizeof head);
  frame += packed;

  series_ = samples_ = histograms_ = exemplars_ = last_id_ = 0;
  last_t_ = 0;
  has_starts_ = false;
  for (std::string* part :
       {&series_bytes_, &keys_, &starts_, &values_, &histogram_bytes_, &exemplar_bytes_}) {
    part->clear();
  }
  return frame;
}

bool Frame::read_head(std::string_view bytes, Head& out) {
  std::uint32_t head[4];
  if (bytes.size() < sizeof head) return false;
  std::memcpy(head, bytes.data(), sizeof head);
  out = {head[1], head[2], head[3]};
  return head[0] == kFrameMark && out.payload_bytes <= kPayloadMax;
}

Status Frame::decode(const Head& head, std::string_view payload) {
  constexpr std::size_t kUnpackedMax = std::size_t{256} << 20;
  std::size_t size = 0;
  if (payload.size() != head.payload_bytes || check_of(head.rows, payload) != head.check) {
    return invalid_data("checksum of a frame is wrong");
  }
  if (!snappy::GetUncompressedLength(payload.data(), payload.size(), &size) ||
      size > kUnpackedMax) {
    return invalid_data("a frame cannot be unpacked");
  }
  bytes_.resize(size);
  if (!snappy::RawUncompress(payload.data(), payload.size(), bytes_.data()) || !parse() ||
      rows() != head.rows) {
    return invalid_data("a frame holds something else than it says");
  }
  return Status();
}

bool Frame::parse() {
  ByteReader in(bytes_);
  const std::size_t series_count = in.count(2);
  series.reserve(series_count);
  for (std::size_t i = 0; i < series_count && in.ok(); ++i) {
    Series& one = series.emplace_back();
    one.id = static_cast<std::uint32_t>(in.varint());
    read_labels(in, one.labels);
  }
  const std::size_t samples = in.count(10);
  id.resize(samples);
  t.resize(samples);
  v.resize(samples);
  std::uint64_t last_id = 0, last_t = 0;  // differences wrap around
  for (std::size_t i = 0; i < samples; ++i) {
    last_id += static_cast<std::uint64_t>(in.signed_varint());
    last_t += static_cast<std::uint64_t>(in.signed_varint());
    id[i] = static_cast<std::uint32_t>(last_id);
    t[i] = static_cast<std::int64_t>(last_t);
  }
  if (in.varint() != 0) {
    st.resize(samples);
    for (std::int64_t& start : st) start = in.signed_varint();
  }
  for (double& value : v) value = in.number();
  const std::size_t histogram_count = in.count(8);
  for (std::size_t i = 0; i < histogram_count && in.ok(); ++i) {
    HistogramRow& row = histograms.emplace_back();
    row.id = static_cast<std::uint32_t>(in.varint());
    row.t = in.signed_varint();
    row.start = in.signed_varint();
    row.histogram = read_histogram(in, memory_);
  }
  const std::size_t exemplar_count = in.count(8);
  for (std::size_t i = 0; i < exemplar_count && in.ok(); ++i) {
    ExemplarRow& row = exemplars.emplace_back();
    row.id = static_cast<std::uint32_t>(in.varint());
    row.t = in.signed_varint();
    row.value = in.number();
    read_labels(in, row.labels);
  }
  return in.ok() && in.at_end();
}

}  // namespace narthex::remote_write
