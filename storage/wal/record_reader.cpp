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
  counter_ = 0;
}

void RecordReader::begin_segment(const SegmentHeader& header) {
  if (!header.carries) forget();
  segment_ = header.segment;
  visitor_.segment(header.segment, header.carries);
}

ReplaySink RecordReader::sink() {
  ReplaySink sink;
  sink.segment = [this](const SegmentHeader& header) { begin_segment(header); };
  sink.record = [this](std::uint64_t segment, std::uint8_t type, ByteView payload) {
    read(segment, type, payload);
  };
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
bool RecordReader::take_values(std::uint32_t ref, std::size_t from, std::size_t count) {
  std::uint64_t bits = 0;
  std::uint8_t exponent = 0;
  const SampleTable::Entry* const known = table_.find(ref);
  bool holds = known != nullptr;
  if (holds) {
    bits = known->bits;
    exponent = known->exponent;
  }
  std::size_t lost = 0;  // the first ones, before a key
  std::uint64_t* const to = bits_.data() + from;
  for (std::size_t i = 0; i < count; ++i) {
    const ValueReader::Got got = values_.next(bits, exponent);
    if (got == ValueReader::Got::kBad) return false;
    holds = holds || got == ValueReader::Got::kKey;
    lost += holds ? 0 : 1;
    to[i] = bits;
  }
  dropped_ += lost;
  if (!holds) return true;
  table_.set(ref, bits, exponent);
  const std::size_t told = count - lost;
  runs_.push_back({ref, std::span(columns_.times).subspan(from + lost, told),
                   std::span<const std::uint64_t>(to + lost, told)});
  figures_.samples += told;
  return true;
}

bool RecordReader::read_some_samples(ByteView payload) {
  const bool sound = read_sample_columns(payload, columns_, values_);
  if (!sound || columns_.counter != counter_ + 1) table_.forget_values();
  if (!sound) return false;
  counter_ = columns_.counter;
  bits_.resize(std::max(bits_.size(), columns_.times.size()));
  runs_.clear();
  dropped_ = 0;
  const std::uint64_t told_before = figures_.samples;
  bool good = true;
  std::size_t at = 0;
  for (std::size_t i = 0; i < columns_.refs.size() && good; ++i) {
    const auto count = static_cast<std::size_t>(columns_.lengths[i]);
    good = take_values(columns_.refs[i], at, count);
    at += count;
  }
  if (!good || !values_.done()) {
    table_.forget_values();
    figures_.samples = told_before;
    return false;
  }
  figures_.dropped_samples += dropped_;
  if (!runs_.empty()) visitor_.samples(runs_);
  return true;
}

}  // namespace narthex::storage::wal
