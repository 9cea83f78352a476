// SPDX-License-Identifier: Apache-2.0
#include "storage/head/deletion.hpp"

#include "storage/head/series_writer.hpp"

#include <algorithm>
#include <array>

namespace narthex::storage::head {
namespace {

constexpr std::size_t kSliceSeries = 64;

std::int64_t signed_bytes(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }

void retire_chunk(Core& core, const Chunk* chunk) {
  core.data_bytes -= chunk->size_bytes;
  core.epochs.retire(
      const_cast<Chunk*>(chunk), [](void* c) { Chunk::free(static_cast<Chunk*>(c)); },
      chunk->size_bytes);
}

// The chunk without the samples in the range; nullptr when none is left.
const Chunk* without(const Chunk& chunk, std::int64_t min_t, std::int64_t max_t) {
  std::array<std::int64_t, kChunkSamplesMax> times;
  std::array<std::uint64_t, kChunkSamplesMax> bits;
  chunk.times(times.data());
  chunk.values(bits.data());
  std::array<Sample, kChunkSamplesMax> kept;
  std::size_t count = 0;
  for (std::size_t i = 0; i < chunk.count; ++i) {
    if (times[i] < min_t || times[i] > max_t) kept[count++] = {times[i], bits[i]};
  }
  return count == 0 ? nullptr : Chunk::make(std::span(kept.data(), count));
}

void delete_own(Core& core, OwnSamples& own, std::int64_t min_t, std::int64_t max_t) {
  for (ChunkEntry& entry : own.sealed) {
    if (entry.last_t < min_t || entry.first_t > max_t) continue;
    const Chunk* rest = without(*entry.chunk, min_t, max_t);
    retire_chunk(core, entry.chunk);
    if (rest != nullptr) core.data_bytes += rest->size_bytes;
    if (rest == nullptr) --core.figures.chunks;
    entry = rest != nullptr ? ChunkEntry{rest, rest->first_t, rest->last_t} : ChunkEntry{};
  }
  std::erase_if(own.sealed, [](const ChunkEntry& e) { return e.chunk == nullptr; });
  Sample* open = own.open.get();
  Sample* kept = std::remove_if(open, open + own.open_count,
                                [&](const Sample& s) { return s.t >= min_t && s.t <= max_t; });
  own.open_count = static_cast<std::uint8_t>(kept - open);
  // The counts of hidden samples are no longer true: from here on all readers see what is left.
  own.last_added = 0;
}

void delete_extra(Core& core, SeriesExtra& extra, std::int64_t min_t, std::int64_t max_t) {
  extra.hidden.clear();
  std::erase_if(extra.histograms, [&](const HistogramPoint& p) {
    const bool out = p.t >= min_t && p.t <= max_t;
    if (out) core.data_bytes -= signed_bytes(p.histogram.get()->bytes() + sizeof p);
    return out;
  });
  const std::size_t late = extra.late.bytes();
  extra.late.erase(min_t, max_t);
  core.data_bytes -= signed_bytes(late - extra.late.bytes());
}

void hide_rows(Core& core, Series& series, const Membership& m, std::int64_t min_t,
               std::int64_t max_t) {
  if (m.group == nullptr) return;
  core.data_bytes += m.group->forget_flushed(m.slot, min_t, max_t);
  if (m.group->empty()) return;
  if (m.group->last_t() < min_t || m.group->first_t() > max_t) return;
  series.need_extra().tombstones.push_back({m.group, min_t, std::min(max_t, m.group->last_t())});
}

void delete_from(Core& core, Series& series, std::int64_t min_t, std::int64_t max_t) {
  if (series.own != nullptr) delete_own(core, *series.own, min_t, max_t);
  if (series.extra() != nullptr) delete_extra(core, *series.extra(), min_t, max_t);
  hide_rows(core, series, series.home(), min_t, max_t);
  if (series.extra() != nullptr) {
    for (const Membership& m : series.extra()->more_groups)
      hide_rows(core, series, m, min_t, max_t);
  }
  find_newest_again(series);
}

}  // namespace

void delete_samples(Core& core, const index::Ids& ids, std::int64_t min_t, std::int64_t max_t) {
  const std::lock_guard upkeep(core.upkeep_mutex);
  for (std::size_t first = 0; first < ids.size(); first += kSliceSeries) {
    const std::lock_guard lock(core.commit_mutex);
    const std::size_t last = std::min(ids.size(), first + kSliceSeries);
    for (std::size_t i = first; i < last; ++i) {
      Series* series = core.index.series(ids[i]);
      if (series != nullptr) delete_from(core, *series, min_t, max_t);
    }
  }
}

void clean_deleted(Core& core) {
  const std::lock_guard upkeep(core.upkeep_mutex);
  const std::lock_guard lock(core.commit_mutex);
  for (const auto& group : core.cohorts.groups()) {
    const auto& slots = group->slots();
    const bool any = std::any_of(slots.begin(), slots.end(), [](const Series* s) {
      return s->extra() != nullptr && !s->extra()->tombstones.empty();
    });
    if (!any) continue;
    core.data_bytes += group->seal(core.epochs, core.oldest_reader() < core.sequence);
    core.data_bytes += group->erase_deleted(core.epochs);
  }
  for (const auto& group : core.cohorts.groups()) {
    for (Series* series : group->slots()) {
      if (series->extra() != nullptr) series->extra()->tombstones.clear();
    }
  }
}

}  // namespace narthex::storage::head
