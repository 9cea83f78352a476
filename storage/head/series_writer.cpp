// SPDX-License-Identifier: Apache-2.0
#include "storage/head/series_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

namespace narthex::storage::head {
namespace {

std::int64_t signed_bytes(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }

std::span<const Tombstone> tombstones_of(const Series& series) {
  return series.extra() != nullptr ? std::span<const Tombstone>(series.extra()->tombstones)
                                   : std::span<const Tombstone>();
}

void consider(const Series& series, const Membership& m, Newest& newest) {
  if (m.group == nullptr || m.group->last_t() <= newest.t) return;
  Sample sample{};
  if (m.group->newest(m.slot, tombstones_of(series), sample) && sample.t > newest.t) {
    newest = {sample.t, sample.bits, nullptr};
  }
}

bool equal(const Newest& a, const NewSample& b) {
  if ((a.histogram == nullptr) != (b.histogram == nullptr)) return false;
  return a.histogram != nullptr ? same_histogram(a.histogram->view(), b.histogram->view())
                                : a.bits == b.bits;
}

void tell_groups(const Series& series, std::int64_t t) {
  series.home_group->foreign_t = std::max(series.home_group->foreign_t, t);
  if (series.extra() == nullptr) return;
  for (const Membership& m : series.extra()->more_groups) {
    m.group->foreign_t = std::max(m.group->foreign_t, t);
  }
}

void copy_open(const OwnSamples& own, std::int64_t* t, std::uint64_t* bits) {
  const Sample* const open = own.open.get();
  for (std::size_t i = 0; i < own.open_count; ++i) {
    t[i] = open[i].t;
    bits[i] = open[i].bits;
  }
}

}  // namespace

Newest newest_of(const Series& series) {
  Newest newest;
  if (series.own != nullptr) {
    newest = {series.own->last_t, series.own->last_bits, series.own->last_histogram};
  }
  if (series.home_group != nullptr) {
    consider(series, series.home(), newest);
    if (series.extra() != nullptr) {
      for (const Membership& m : series.extra()->more_groups) consider(series, m, newest);
    }
  }
  return newest;
}

void find_newest_again(Series& series) {
  series.newest_unknown = 1;  // it may be archived
  if (series.own == nullptr) return;
  OwnSamples& own = *series.own;
  own.last_t = kNoTime;
  own.last_histogram = nullptr;
  if (own.open_count > 0) {
    const Sample& sample = own.open[own.open_count - 1];
    own.last_t = sample.t;
    own.last_bits = sample.bits;
  } else if (!own.sealed.empty()) {
    const Chunk& chunk = *own.sealed.back().chunk;
    std::array<std::uint64_t, kChunkSamplesMax> bits;
    chunk.values(bits.data());
    own.last_t = chunk.last_t;
    own.last_bits = bits[chunk.count - 1];
  }
  if (own.extra == nullptr) return;
  const SeriesExtra& extra = *own.extra;
  if (!extra.histograms.empty() && extra.histograms.back().t > own.last_t) {
    own.last_t = extra.histograms.back().t;
    own.last_histogram = extra.histograms.back().histogram.get();
  }
  if (!extra.late.empty() && extra.late.last().t >= own.last_t) {
    own.last_t = extra.late.last().t;
    own.last_bits = extra.late.last().bits;
    own.last_histogram = extra.late.last().histogram.get();
  }
}

bool has_samples(const Series& series) {
  if (!series.open_samples().empty() || !series.sealed().empty()) return true;
  const SeriesExtra* extra = series.extra();
  if (extra != nullptr && (!extra->histograms.empty() || !extra->late.empty())) return true;
  return series.home_group != nullptr && newest_of(series).t != kNoTime;
}

// What is newest in the head may be older than what is archived: then it is written like any other.
bool SeriesWriter::may_be_newest(const Series& series, std::int64_t t) const {
  return judge_ == Judge::kAll && (series.newest_unknown == 0 || t > core_.archived_t);
}

std::uint8_t SeriesWriter::check(const Series& series, const NewSample& sample,
                                 bool refuse_late) const {
  if (series.home_group == nullptr && sample.t > series.last_t()) return NX_ROW_OK;
  const Newest newest = newest_of(series);
  if (sample.t > newest.t) return NX_ROW_OK;
  if (sample.t == newest.t) {
    return equal(newest, sample) || !may_be_newest(series, sample.t) ? NX_ROW_OK : NX_ROW_DUPLICATE;
  }
  return refuse_late ? NX_ROW_OUT_OF_ORDER : NX_ROW_OK;
}

std::uint8_t SeriesWriter::write(Series& series, const NewSample& sample, bool refuse_late) {
  const Newest newest = series.home_group == nullptr && sample.t > series.last_t()
                            ? Newest{series.last_t(), 0, nullptr}
                            : newest_of(series);
  // Where it may not be, another value may have been taken for that time: the last one holds.
  if (sample.t == newest.t && may_be_newest(series, sample.t)) {
    return equal(newest, sample) ? NX_ROW_OK : NX_ROW_DUPLICATE;
  }
  if (sample.t < newest.t && refuse_late) return NX_ROW_OUT_OF_ORDER;
  if (sample.histogram != nullptr) {
    ++tallies_.figures.histograms_appended;
  } else {
    ++tallies_.figures.samples_appended;
  }
  if (sample.t <= newest.t) {
    put_late(series, sample);
  } else if (sample.histogram != nullptr) {
    append_histogram(series, sample.t, sample.histogram);
  } else {
    append_float(series, sample.t, sample.bits);
  }
  if (sample.t > core_.archived_t) series.newest_unknown = 0;
  tallies_.min_t = std::min(tallies_.min_t, sample.t);
  tallies_.max_t = std::max(tallies_.max_t, sample.t);
  return NX_ROW_OK;
}

OwnSamples& SeriesWriter::own(Series& series) {
  if (series.own == nullptr) {
    const AllocationTurn turn(turns_);
    series.need_own();
  }
  OwnSamples& own = *series.own;
  if (!own.counted) tallies_.own_bytes += kOwnBytes;
  own.counted = true;
  return own;
}

// Opens the count of what this commit adds, and keeps the last one's while a reader needs it.
void SeriesWriter::begin_commit(OwnSamples& own) {
  if (oldest_reader_ < own.last_sequence) {
    if (own.extra == nullptr) own.extra = std::make_unique<SeriesExtra>();
    own.extra->hidden.emplace_back(own.last_sequence, own.last_added);
  } else if (own.extra != nullptr) {
    own.extra->hidden.clear();
  }
  own.last_sequence = core_.sequence;
  own.last_added = 0;
}

void SeriesWriter::append_float(Series& series, std::int64_t t, std::uint64_t bits) {
  OwnSamples& own = this->own(series);
  if (own.last_sequence != core_.sequence) begin_commit(own);
  if (own.open_count == own.open_capacity) make_room(own, 1);
  own.open[own.open_count++] = {t, bits};
  ++own.last_added;
  own.last_t = t;
  own.last_bits = bits;
  own.last_histogram = nullptr;
  if (series.home_group != nullptr) tell_groups(series, t);
}

void SeriesWriter::write_run(Series& series, std::span<const std::int64_t> t,
                             std::span<const std::uint64_t> bits) {
  OwnSamples& own = this->own(series);
  if (own.last_sequence != core_.sequence) begin_commit(own);
  std::size_t i = 0;
  // What would be sealed as soon as it is full is packed where it stands.
  while (own.open_count + t.size() - i > kOpenSamplesMax) {
    const std::size_t count = kOpenSamplesMax - own.open_count;
    if (own.open_count == 0) {
      add_chunk(own, t.subspan(i, count), bits.subspan(i, count));
    } else {
      seal_with(own, t.subspan(i, count), bits.subspan(i, count));
    }
    i += count;
  }
  append_open(own, t.subspan(i), bits.subspan(i));
  own.last_added += static_cast<std::uint32_t>(t.size());
  own.last_t = t.back();
  own.last_bits = bits.back();
  own.last_histogram = nullptr;
  if (series.home_group != nullptr) tell_groups(series, t.back());
  tallies_.figures.samples_appended += t.size();
  if (t.back() > core_.archived_t) series.newest_unknown = 0;
  tallies_.min_t = std::min(tallies_.min_t, t.front());
  tallies_.max_t = std::max(tallies_.max_t, t.back());
}

// REQUIRES: that there is room for them when they are the only ones.
void SeriesWriter::append_open(OwnSamples& own, std::span<const std::int64_t> t,
                               std::span<const std::uint64_t> bits) {
  const std::size_t count = t.size();
  if (own.open_count + count > own.open_capacity) make_room(own, count);
  Sample* const to = own.open.get() + own.open_count;
  const std::int64_t* const times = t.data();
  const std::uint64_t* const values = bits.data();
  for (std::size_t i = 0; i < count; ++i) to[i] = {times[i], values[i]};
  own.open_count = static_cast<std::uint8_t>(own.open_count + count);
}

// Seals what is open together with samples that make it full.
void SeriesWriter::seal_with(OwnSamples& own, std::span<const std::int64_t> t,
                             std::span<const std::uint64_t> bits) {
  std::array<std::int64_t, kChunkSamplesMax> all_t;
  std::array<std::uint64_t, kChunkSamplesMax> all_bits;
  const std::size_t count = own.open_count;
  copy_open(own, all_t.data(), all_bits.data());
  std::memcpy(all_t.data() + count, t.data(), t.size_bytes());
  std::memcpy(all_bits.data() + count, bits.data(), bits.size_bytes());
  add_chunk(own, std::span(all_t).first(count + t.size()),
            std::span(all_bits).first(count + t.size()));
  own.open_count = 0;
}

// For at least one sample more, and for `wanted` if that is not many.
void SeriesWriter::make_room(OwnSamples& own, std::size_t wanted) {
  if (own.open_count == kOpenSamplesMax) {
    seal(own);
    return;
  }
  const auto capacity = static_cast<std::uint8_t>(std::min<std::size_t>(
      std::max<std::size_t>(own.open_capacity * 2u, own.open_count + wanted), kOpenSamplesMax));
  const AllocationTurn turn(turns_);
  auto larger = std::make_unique_for_overwrite<Sample[]>(capacity);
  if (own.open_count > 0) {
    std::memcpy(larger.get(), own.open.get(), own.open_count * sizeof(Sample));
  }
  tallies_.data_bytes += signed_bytes((capacity - own.open_capacity) * sizeof(Sample));
  own.open = std::move(larger);
  own.open_capacity = capacity;
}

void SeriesWriter::seal(OwnSamples& own) {
  if (own.open_count == 0) return;
  std::array<std::int64_t, kChunkSamplesMax> times;
  std::array<std::uint64_t, kChunkSamplesMax> bits;
  std::size_t count = 0;
  // A half-filled chunk is packed again together with what is new: fewer and longer ones.
  if (own.open_count < kChunkSamplesMax && !own.sealed.empty() &&
      own.sealed.back().chunk->frozen == 0 &&
      own.sealed.back().chunk->count + own.open_count <= kChunkSamplesMax) {
    const Chunk* before = own.sealed.back().chunk;
    before->times(times.data());
    before->values(bits.data());
    count = before->count;
    tallies_.data_bytes -= before->size_bytes;
    --tallies_.figures.chunks;
    core_.epochs.retire(
        const_cast<Chunk*>(before), [](void* chunk) { Chunk::free(static_cast<Chunk*>(chunk)); },
        before->size_bytes);
    own.sealed.pop_back();
  }
  copy_open(own, times.data() + count, bits.data() + count);
  count += own.open_count;
  add_chunk(own, std::span(times).first(count), std::span(bits).first(count));
  own.open_count = 0;
}

void SeriesWriter::add_chunk(OwnSamples& own, std::span<const std::int64_t> t,
                             std::span<const std::uint64_t> bits) {
  const std::span<const std::uint8_t> packed = Chunk::pack(t, bits);
  const AllocationTurn turn(turns_);
  const std::size_t entries = own.sealed.capacity();
  const Chunk* chunk = Chunk::make_packed(t, packed);
  ++tallies_.figures.chunks;
  own.sealed.push_back({chunk, chunk->first_t, chunk->last_t});
  tallies_.data_bytes +=
      chunk->size_bytes + signed_bytes((own.sealed.capacity() - entries) * sizeof(ChunkEntry));
}

void SeriesWriter::append_histogram(Series& series, std::int64_t t, const Histogram* histogram) {
  OwnSamples& own = this->own(series);
  histogram->retain();
  series.need_extra().histograms.push_back({t, core_.sequence, HistogramRef(histogram)});
  tallies_.data_bytes += signed_bytes(histogram->bytes() + sizeof(HistogramPoint));
  own.last_t = t;
  own.last_histogram = histogram;
  if (series.home_group != nullptr) tell_groups(series, t);
}

void SeriesWriter::put_late(Series& series, const NewSample& sample) {
  LateSamples& late = series.need_extra().late;
  const std::size_t before = late.bytes();
  if (sample.histogram != nullptr) sample.histogram->retain();
  late.put({sample.t, sample.bits, HistogramRef(sample.histogram)});
  tallies_.data_bytes += signed_bytes(late.bytes()) - signed_bytes(before);
  ++tallies_.figures.late_samples;
}

void SeriesWriter::set_start(Series& series, std::int64_t t, std::int64_t start_t) {
  auto& starts = series.need_extra().starts;
  const auto at = std::upper_bound(starts.begin(), starts.end(), std::pair(t, INT64_MAX));
  const std::int64_t holds = at == starts.begin() ? 0 : std::prev(at)->second;
  if (holds == start_t) return;
  const std::size_t before = starts.capacity();
  if (at == starts.end() && newest_of(series).t <= t) {
    starts.emplace_back(t, start_t);
  } else {
    // In the middle of what is known only this one sample changes.
    const bool next_known = at != starts.end() && at->first == t + 1;
    const auto put = at != starts.begin() && std::prev(at)->first == t
                         ? std::prev(at)
                         : starts.insert(at, {t, start_t});
    put->second = start_t;
    if (!next_known && t != INT64_MAX) starts.insert(std::next(put), {t + 1, holds});
  }
  tallies_.data_bytes += signed_bytes((starts.capacity() - before) * 16);
}

}  // namespace narthex::storage::head
