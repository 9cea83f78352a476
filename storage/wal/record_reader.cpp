// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/record_reader.hpp"

#include "storage/wal/series_record.hpp"
#include "storage/wal/slot_set.hpp"

#include <algorithm>

namespace narthex::storage::wal {
namespace {

constexpr std::uint64_t kSlotsMax = std::uint64_t{1} << 26;  // of all layouts of a segment

}  // namespace

void RecordReader::forget() {
  layouts_.clear();
  slots_ = 0;
  table_.clear();
  if (window_ != nullptr) window_->forget_values();
  counter_ = 0;
}

void RecordReader::forget_values() {
  table_.forget_values();
  if (window_ != nullptr) window_->forget_values();
}

void RecordReader::begin_segment(const SegmentHeader& header) {
  segment_ = header.segment;
  visitor_.segment(header.segment, header.carries);
  if (!header.carries) forget();
}

ReplaySink RecordReader::sink() {
  ReplaySink sink;
  sink.segment = [this](const SegmentHeader& header) { begin_segment(header); };
  sink.record = [this](std::uint64_t segment, std::uint8_t type, ByteView payload) {
    read(segment, type, payload);
  };
  sink.progress = [this](std::uint64_t done, std::uint64_t total) { visitor_.left(total - done); };
  return sink;
}

void RecordReader::read(std::uint64_t segment, std::uint8_t type, ByteView payload) {
  if (segment != segment_) {
    SegmentHeader header;
    header.segment = segment;
    begin_segment(header);
  }
  ++figures_.records;
  if (!read_one(type, payload)) ++figures_.malformed_records;
}

bool RecordReader::read_one(std::uint8_t type, ByteView payload) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::kSeries:
      return read_series(payload, [&](std::uint32_t ref, std::span<const LabelView> labels) {
        visitor_.series(ref, labels);
      });
    case RecordType::kLayout: {
      std::uint64_t layout = 0;
      if (!read_layout(payload, layout, refs_)) return false;
      visitor_.layout(layout, refs_);
      return true;
    }
    case RecordType::kRow:
      return read_a_row(payload);
    case RecordType::kSamples:
      return read_some_samples(payload);
    case RecordType::kHistograms:
      return read_histograms(payload,
                             [&](std::uint32_t ref, std::int64_t t, const nx_histogram& h) {
                               visitor_.histogram(ref, t, h);
                             });
    case RecordType::kStarts:
      return read_starts(payload, [&](std::uint32_t ref, std::int64_t t, std::int64_t start_t) {
        visitor_.start(ref, t, start_t);
      });
    case RecordType::kExemplars:
      return read_exemplars(payload, [&](const LoggedExemplar& e) { visitor_.exemplar(e); });
    case RecordType::kMetadata:
      return read_metadata(payload, [&](const LoggedMetadata& m) { visitor_.metadata(m); });
    case RecordType::kDelete: {
      std::int64_t mint = 0;
      std::int64_t maxt = 0;
      if (!read_delete(payload, refs_, mint, maxt)) return false;
      visitor_.erase(refs_, mint, maxt);
      return true;
    }
  }
  return false;
}

bool RecordReader::read_a_row(ByteView payload) {
  ByteReader in(payload);
  RowHead head;
  if (!read_row_head(in, head)) return false;
  if (head.key) {
    const std::size_t width = read_row_width(in);
    if (!in.ok()) return false;
    Layout& layout = layouts_[head.layout];
    slots_ += width - layout.slots.bits.size();
    if (slots_ > kSlotsMax) {
      forget();
      return false;
    }
    layout.slots = LayoutSlots{};
    layout.slots.bits.resize(width);
    layout.slots.exponents.resize(width);
    layout.holds = true;
  }
  const auto known = layouts_.find(head.layout);
  if (known == layouts_.end()) return true;  // nothing says how many values it has
  Layout& layout = known->second;
  if (!head.key && (!layout.holds || head.counter != layout.slots.counter + 1)) {
    layout.holds = false;
    figures_.dropped_samples += count_row_values(in, head, layout.slots.bits.size());
    return true;
  }
  layout.holds = read_row(in, head, layout.slots, values_, present_);
  if (!layout.holds) return false;
  const std::size_t width = layout.slots.bits.size();
  const std::size_t there = count_bits(present_);
  figures_.samples += there;
  visitor_.row(head.layout, layout.slots.t, layout.slots.bits,
               there == width ? nullptr : present_.data());
  return true;
}

// The values of one ref. Where none holds, they are read past until a key.
bool RecordReader::take_values(std::size_t entry, std::size_t from) {
  const std::uint32_t ref = columns_.refs[entry];
  const auto count = static_cast<std::size_t>(columns_.lengths[entry]);
  std::uint64_t bits = 0;
  std::uint8_t exponent = 0;
  const SampleTable::Entry* const known = table_.find(ref);
  bool holds = known != nullptr;
  if (holds) {
    bits = known->bits;
    exponent = known->exponent;
  }
  const std::span<std::uint64_t> to = std::span(bits_).subspan(from, count);
  std::size_t lost = 0;  // the first ones, before a key
  std::size_t read = 0;
  for (; !holds && read < count; ++read) {
    const ValueReader::Got got = values_.next(bits, exponent);
    if (got == ValueReader::Got::kBad) return false;
    holds = got == ValueReader::Got::kKey;
    lost += holds ? 0 : 1;
    to[read] = bits;
  }
  if (!values_.take(to.subspan(read), bits, exponent)) return false;
  dropped_ += lost;
  if (!holds) return true;
  table_.set(ref, bits, exponent);
  const std::span<const std::int64_t> t =
      std::span<const std::int64_t>(columns_.times).subspan(columns_.times_at[entry], count);
  runs_.push_back({ref, t.subspan(lost), to.subspan(lost)});
  figures_.samples += count - lost;
  return true;
}

// The runs of a record, all of them or none.
bool RecordReader::take_runs() {
  bits_.resize(std::max(bits_.size(), columns_.samples));
  runs_.clear();
  dropped_ = 0;
  const std::uint64_t told_before = figures_.samples;
  std::size_t at = 0;
  bool good = values_.codes_left() >= columns_.samples;
  for (std::size_t i = 0; i < columns_.refs.size() && good; ++i) {
    good = take_values(i, at);
    at += static_cast<std::size_t>(columns_.lengths[i]);
  }
  if (good && values_.done()) return true;
  figures_.samples = told_before;
  return false;
}

bool RecordReader::gather(ByteReader& in) {
  const SampleWindow::Gathered gathered = window_->gather(columns_, in);
  if (!gathered.sound) {
    forget_values();
    return false;
  }
  figures_.samples += gathered.samples;
  figures_.dropped_samples += gathered.dropped;
  if (gathered.samples != 0) visitor_.gathered();
  return true;
}

bool RecordReader::read_some_samples(ByteView payload) {
  ByteReader in(payload);
  const bool sound = read_sample_columns(in, columns_) && (window_ != nullptr || values_.open(in));
  if (!sound || columns_.counter != counter_ + 1) forget_values();
  if (!sound) return false;
  counter_ = columns_.counter;
  if (window_ != nullptr) return gather(in);
  if (!take_runs()) {
    forget_values();
    return false;
  }
  figures_.dropped_samples += dropped_;
  if (!runs_.empty()) visitor_.samples(runs_);
  return true;
}

}  // namespace narthex::storage::wal
