// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/record_reader.hpp"

#include "storage/wal/row_flags.hpp"

#include <algorithm>

namespace narthex::storage::wal {
namespace {

constexpr std::uint64_t kRefMax = UINT32_MAX - 1;

std::int64_t to_time(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string_view take_text(ByteReader& in) {
  const column::ByteView bytes = in.bytes(in.varint());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void RecordReader::read(std::uint8_t type, ByteView payload) {
  using Step = bool (RecordReader::*)(ByteReader&);
  static constexpr Step kSteps[] = {nullptr,
                                    &RecordReader::read_series,
                                    &RecordReader::read_layout,
                                    &RecordReader::read_row,
                                    &RecordReader::read_samples,
                                    &RecordReader::read_histogram,
                                    &RecordReader::read_starts,
                                    &RecordReader::read_exemplar,
                                    &RecordReader::read_metadata,
                                    &RecordReader::read_delete};
  ++figures_.records;
  ByteReader in(payload);
  const bool good = type >= kSeriesRecord && type <= kDeleteRecord && (this->*kSteps[type])(in);
  if (!good) ++figures_.malformed;
}

bool RecordReader::read_series(ByteReader& in) {
  struct Place {
    std::uint32_t ref;
    std::size_t first;
    std::size_t last;
  };
  const std::uint64_t generation = in.varint();
  const std::uint64_t count = in.varint();
  std::vector<std::string_view> symbols;
  std::vector<LabelView> labels;
  std::vector<Place> found;
  Place before{UINT32_MAX, 0, 0};  // the first is expected to be number 0
  const auto symbol = [&](std::string_view& out) {
    const std::uint64_t number = in.varint();
    if (number > symbols.size()) return false;
    if (number == symbols.size()) symbols.push_back(take_text(in));
    out = symbols[number];
    return in.ok();
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t ref = in.difference(i == 0 ? 1 : std::uint64_t{before.ref} + 1);
    const std::uint64_t shared = in.varint();
    const std::uint64_t fresh = in.varint();
    if (!in.ok() || ref > kRefMax || shared > before.last - before.first || fresh > in.left()) {
      return false;
    }
    // Shared labels are copied, so what a record may repeat is bounded.
    if (labels.size() + shared > 64 * (in.position() + in.left())) return false;
    Place place{static_cast<std::uint32_t>(ref), labels.size(), 0};
    for (std::uint64_t s = 0; s < shared; ++s) labels.push_back(labels[before.first + s]);
    for (std::uint64_t f = 0; f < fresh; ++f) {
      LabelView label;
      if (!symbol(label.name) || !symbol(label.value)) return false;
      labels.push_back(label);
    }
    place.last = labels.size();
    found.push_back(place);
    before = place;
  }
  for (const Place& place : found) {
    // A number far beyond what is known comes from a damaged record that passed its checksum.
    if (place.ref >= series_.size()) {
      if (place.ref > 2 * series_.size() + (std::size_t{1} << 26)) return false;
      series_.resize(std::max<std::size_t>(std::size_t{place.ref} + 1, series_.size() * 3 / 2));
    }
    series_[place.ref].generation = generation;
    visitor_.series(place.ref, std::span(labels).subspan(place.first, place.last - place.first));
  }
  return true;
}

bool RecordReader::read_layout(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::uint64_t number = in.varint();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return false;
  std::vector<std::uint32_t> refs;
  refs.reserve(count);
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    before = in.difference(before + 1);
    if (before > kRefMax) return false;
    refs.push_back(defined(before, generation) ? static_cast<std::uint32_t>(before)
                                               : ReplayVisitor::kNoRef);
  }
  if (!in.ok()) return false;
  Layout& layout = layouts_[number];
  layout.generation = generation;
  layout.refs = refs;
  visitor_.layout(number, layout.refs);
  return true;
}

bool RecordReader::read_row(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::uint64_t number = in.varint();
  const std::uint8_t flags = in.byte();
  const std::uint64_t counter = in.varint();
  const std::uint64_t t = in.varint();
  const std::uint64_t width = in.varint();
  const bool partial = (flags & kRowPartial) != 0;
  const std::size_t maps = partial ? 2 : 1;
  if (!in.ok() || in.left() < maps * ((width + 7) / 8) || width > in.left() * 8) return false;
  const auto at = layouts_.find(number);
  if (at == layouts_.end() || at->second.generation != generation ||
      at->second.refs.size() < width) {
    figures_.dropped_samples += width;
    return true;
  }
  Layout& layout = at->second;
  const bool key = (flags & kRowKey) != 0;
  const bool follows =
      layout.certain && layout.rows_generation == generation && layout.counter + 1 == counter;
  layout.certain = key || follows;
  if (!layout.certain) {
    figures_.dropped_samples += width;
    return true;
  }
  if (key) std::fill(layout.known.begin(), layout.known.end(), 0);
  layout.t = to_time((key ? 0 : static_cast<std::uint64_t>(layout.t)) + unzigzag(t));
  layout.rows_generation = generation;
  layout.counter = counter;
  if (!decode_row(in, layout, width, partial)) {
    layout.certain = false;
    return false;
  }
  figures_.samples += width;
  visitor_.row(number, layout.t, bits_, partial ? present_.data() : nullptr);
  return true;
}

bool RecordReader::decode_row(ByteReader& in, Layout& layout, std::size_t width, bool partial) {
  if (layout.last.size() < width) {
    layout.last.resize(width);
    layout.known.resize(width, 0);
  }
  const std::size_t map_bytes = (width + 7) / 8;
  if (partial) {
    present_.assign((width + 63) / 64, 0);
    const column::ByteView map = in.bytes(map_bytes);
    std::memcpy(present_.data(), map.data(), map.size());
  }
  const column::ByteView changed = in.bytes(map_bytes);
  std::size_t count = 0;
  for (const std::uint8_t byte : changed) count += static_cast<std::size_t>(std::popcount(byte));
  const column::ByteView codes = in.bytes((count + 1) / 2);
  if (!in.ok()) return false;
  bits_.resize(width);
  std::size_t next = 0;
  for (std::size_t slot = 0; slot < width; ++slot) {
    if ((changed[slot / 8] >> slot % 8 & 1) != 0) {
      const unsigned code = codes[next / 2] >> (next % 2 != 0 ? 4 : 0) & 0x0Fu;
      ++next;
      const bool absolute = code == kStale || code == kDecimal || code == kBits;
      if (layout.known[slot] == 0 && !absolute) return false;
      if (!take_value(static_cast<std::uint8_t>(code), in, layout.last[slot])) return false;
      layout.known[slot] = 1;
    } else if (layout.known[slot] == 0) {
      const bool there = !partial || (present_[slot / 64] >> slot % 64 & 1) != 0;
      if (there) return false;
    }
    bits_[slot] = layout.last[slot].bits;
  }
  return in.ok();
}

bool RecordReader::read_samples(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::uint64_t counter = in.varint();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return false;
  if (generation != samples_generation_ || counter != samples_counter_ + 1) ++epoch_;
  samples_generation_ = generation;
  samples_counter_ = counter;
  samples_.clear();
  samples_.reserve(count);
  std::uint64_t ref = 0;
  std::uint64_t t = 0;
  std::uint64_t step = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const unsigned head = in.byte();
    const unsigned ref_mode = head >> kRefShift & 3;
    const unsigned time_mode = head >> kTimeShift & 3;
    if (ref_mode == kRefNext) ++ref;
    if (ref_mode == kRefFar) ref = in.difference(ref);
    if (time_mode == kTimeFar) step = unzigzag(in.varint());
    if (time_mode != kTimeSame) t += step;
    if (!in.ok() || ref > kRefMax || ref_mode > kRefFar || time_mode > kTimeFar) {
      ++epoch_;
      return false;
    }
    const auto code = static_cast<std::uint8_t>(head & 0x0F);
    const bool absolute = code == kStale || code == kDecimal || code == kBits;
    const bool is_defined = defined(ref, generation);
    LastValue none;
    LastValue* last = &none;
    bool certain = is_defined;
    if (is_defined) {
      Series& series = series_[ref];
      last = &series.last;
      certain = absolute || (series.value_epoch == epoch_ && series.value_generation == generation);
      series.value_epoch = certain ? epoch_ : 0;
      series.value_generation = generation;
    }
    // A difference from a value that is not known: any decimal will do, nobody is told of it.
    LastValue any{0, 0};
    if (!take_value(code, in, certain ? *last : any)) {
      ++epoch_;
      return false;
    }
    if (certain) {
      samples_.push_back({static_cast<std::uint32_t>(ref), to_time(t), last->bits});
    } else {
      ++figures_.dropped_samples;
    }
  }
  figures_.samples += samples_.size();
  if (!samples_.empty()) visitor_.samples(samples_);
  return true;
}

bool RecordReader::read_histogram(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::uint64_t ref = in.varint();
  const std::int64_t t = to_time(unzigzag(in.varint()));
  if (!in.ok()) return false;
  column::HistogramRows rows;
  if (!column::decode_histograms(in.ahead(in.left()), 1, 0, 1, rows).ok()) return false;
  if (!defined(ref, generation)) {
    ++figures_.dropped_samples;
    return true;
  }
  ++figures_.samples;
  visitor_.histogram(static_cast<std::uint32_t>(ref), t, rows.rows.front());
  return true;
}

bool RecordReader::read_starts(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return false;
  std::vector<LoggedStart> starts;
  starts.reserve(count);
  std::uint64_t ref = 0;
  std::uint64_t t = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    ref = in.difference(ref);
    t = in.difference(t);
    const std::uint64_t start_t = in.difference(t);
    if (!in.ok() || ref > kRefMax) return false;
    if (!defined(ref, generation)) continue;
    starts.push_back({static_cast<std::uint32_t>(ref), to_time(t), to_time(start_t)});
  }
  for (const LoggedStart& start : starts) visitor_.start(start.ref, start.t, start.start_t);
  return true;
}

bool RecordReader::read_exemplar(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::uint64_t ref = in.varint();
  LoggedExemplar exemplar{};
  exemplar.t = to_time(unzigzag(in.varint()));
  exemplar.has_t = in.byte() != 0;
  exemplar.value = std::bit_cast<double>(in.word<std::uint64_t>());
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return false;
  std::vector<LabelView> labels;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view name = take_text(in);
    labels.push_back({name, take_text(in)});
  }
  if (!in.ok()) return false;
  exemplar.labels = labels;
  if (defined(ref, generation)) visitor_.exemplar(static_cast<std::uint32_t>(ref), exemplar);
  return true;
}

bool RecordReader::read_metadata(ByteReader& in) {
  LoggedMetadata metadata{};
  metadata.family = take_text(in);
  metadata.type = static_cast<std::uint32_t>(in.varint());
  metadata.unit = take_text(in);
  metadata.help = take_text(in);
  if (!in.ok()) return false;
  visitor_.metadata(metadata);
  return true;
}

bool RecordReader::read_delete(ByteReader& in) {
  const std::uint64_t generation = in.varint();
  const std::int64_t min_t = to_time(unzigzag(in.varint()));
  const std::int64_t max_t = to_time(unzigzag(in.varint()));
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return false;
  std::vector<std::uint32_t> refs;
  std::uint64_t ref = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    ref = in.difference(ref);
    if (!in.ok() || ref > kRefMax) return false;
    if (defined(ref, generation)) refs.push_back(static_cast<std::uint32_t>(ref));
  }
  if (!refs.empty()) visitor_.erase(refs, min_t, max_t);
  return true;
}

}  // namespace narthex::storage::wal
