// SPDX-License-Identifier: Apache-2.0
#include "storage/head/freeze.hpp"

#include "storage/head/series_writer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace narthex::storage::head {
namespace {

// Groups may come and go between two holds of the lock; one that is gone is not visited.
template <class Visit>
void each_group(Core& core, Visit&& visit) {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(core.commit_mutex);
    for (const auto& group : core.cohorts.groups()) ids.push_back(group->id());
  }
  std::size_t at = 0;  // groups stand in the order of their ids
  for (const std::uint64_t id : ids) {
    const std::lock_guard lock(core.commit_mutex);
    const auto& groups = core.cohorts.groups();
    at = std::min(at, groups.size());
    while (at > 0 && groups[at - 1]->id() >= id) --at;
    while (at < groups.size() && groups[at]->id() < id) ++at;
    if (at < groups.size() && groups[at]->id() == id) visit(*groups[at]);
  }
}

void drop_chunks(Core& core, OwnSamples& own) {
  const auto keep = std::find_if(own.sealed.begin(), own.sealed.end(),
                                 [](const ChunkEntry& e) { return e.chunk->frozen == 0; });
  for (auto at = own.sealed.begin(); at != keep; ++at) {
    core.data_bytes -= at->chunk->size_bytes;
    --core.figures.chunks;
    core.epochs.retire(
        const_cast<Chunk*>(at->chunk), [](void* chunk) { Chunk::free(static_cast<Chunk*>(chunk)); },
        at->chunk->size_bytes);
  }
  if (keep != own.sealed.end()) {
    own.sealed.erase(own.sealed.begin(), keep);
    return;
  }
  core.data_bytes -= static_cast<std::int64_t>(own.sealed.capacity() * sizeof(ChunkEntry));
  own.sealed = std::vector<ChunkEntry>();
}

void drop_extra(Core& core, SeriesExtra& extra) {
  const auto keep = extra.histograms.begin() + extra.frozen_histograms;
  for (auto at = extra.histograms.begin(); at != keep; ++at) {
    core.data_bytes -=
        static_cast<std::int64_t>(at->histogram.get()->bytes() + sizeof(HistogramPoint));
  }
  extra.histograms.erase(extra.histograms.begin(), keep);
  extra.frozen_histograms = 0;
  core.data_bytes -= static_cast<std::int64_t>(extra.frozen_late.bytes());
  extra.frozen_late = LateSamples();
  // Of the start times only the last one still holds for what comes.
  if (extra.starts.size() > 1) extra.starts.erase(extra.starts.begin(), extra.starts.end() - 1);
}

}  // namespace

void freeze_groups(Core& core) {
  each_group(core, [&](RowGroup& group) {
    core.data_bytes += group.freeze(core.epochs, core.oldest_reader() < core.sequence);
  });
}

void freeze(Core& core, Series& series) {
  if (series.own == nullptr) return;
  OwnSamples& own = *series.own;
  SeriesWriter(core).seal(own);
  core.data_bytes -= static_cast<std::int64_t>(own.open_capacity * sizeof(Sample));
  own.open.reset();
  own.open_capacity = 0;
  for (const ChunkEntry& entry : own.sealed) entry.chunk->frozen = 1;
  if (own.extra == nullptr) return;
  SeriesExtra& extra = *own.extra;
  extra.frozen_histograms = static_cast<std::uint32_t>(extra.histograms.size());
  extra.frozen_late = std::exchange(extra.late, LateSamples());
}

void drop_frozen(Core& core, Series& series) {
  series.touch(core.now_ms());
  if (series.own == nullptr) return;
  OwnSamples& own = *series.own;
  if (!own.sealed.empty()) drop_chunks(core, own);
  if (own.extra != nullptr) drop_extra(core, *own.extra);
  // The newest histogram is compared with no more: it may be gone.
  if (own.last_histogram != nullptr && (own.extra == nullptr || own.extra->histograms.empty())) {
    own.last_histogram = nullptr;
    own.last_t = kNoTime;
  }
}

void drop_frozen_groups(Core& core) {
  each_group(core, [&](RowGroup& group) { core.data_bytes += group.drop_frozen(core.epochs); });
}

void thaw(Core& core, Series& series) {
  for (const ChunkEntry& entry : series.sealed()) entry.chunk->frozen = 0;
  if (series.extra() == nullptr) return;
  SeriesExtra& extra = *series.extra();
  extra.frozen_histograms = 0;
  const auto before = static_cast<std::int64_t>(extra.late.bytes() + extra.frozen_late.bytes());
  extra.late.put_under(std::exchange(extra.frozen_late, LateSamples()));
  core.data_bytes += static_cast<std::int64_t>(extra.late.bytes()) - before;
}

void thaw_groups(Core& core) {
  const std::lock_guard lock(core.commit_mutex);
  for (const auto& group : core.cohorts.groups()) group->thaw();
}

}  // namespace narthex::storage::head
