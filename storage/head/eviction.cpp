// SPDX-License-Identifier: Apache-2.0
#include "storage/head/eviction.hpp"

#include "storage/head/series_writer.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace narthex::storage::head {
namespace {

constexpr std::size_t kSliceSeries = 512;  // under one hold of the commit lock
// What an eviction frees at least: finding out what is oldest looks at every series.
constexpr std::uint64_t kFreedPart = 16;
// How long a series without samples may wait for its first one.
constexpr std::int64_t kEmptyGraceMs = 10 * 60 * 1000;
// Without a new sample for so long, what is open is packed.
constexpr std::int64_t kIdleMs = 60 * 60 * 1000;

std::int64_t signed_bytes(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }

// visit(series) for all, the commit lock held in slices.
template <class Visit>
void each_series(Core& core, Visit&& visit) {
  const index::EpochHold hold(core.epochs);
  const index::Ids ids = core.index.all_ids();
  for (std::size_t first = 0; first < ids.size(); first += kSliceSeries) {
    const std::lock_guard lock(core.commit_mutex);
    const std::size_t last = std::min(ids.size(), first + kSliceSeries);
    for (std::size_t i = first; i < last; ++i) {
      Series* series = core.index.series(ids[i]);
      if (series != nullptr) visit(*series);
    }
  }
}

// Bytes by age: how much goes when everything older than a time is dropped.
class AgeProfile {
 public:
  AgeProfile(std::int64_t min_t, std::int64_t max_t)
      : min_t_(min_t), step_(std::max<std::int64_t>((max_t - min_t) / kBuckets + 1, 1)) {}
  void add(std::int64_t t, std::size_t bytes) {
    const std::int64_t bucket = std::clamp<std::int64_t>((t - min_t_) / step_, 0, kBuckets - 1);
    bytes_[static_cast<std::size_t>(bucket)] += bytes;
  }
  // The least time before which at least `wanted` bytes lie.
  std::int64_t cut(std::uint64_t wanted) const {
    std::uint64_t sum = 0;
    for (std::int64_t b = 0; b < kBuckets; ++b) {
      sum += bytes_[static_cast<std::size_t>(b)];
      if (sum >= wanted) return min_t_ + (b + 1) * step_;
    }
    return min_t_ + kBuckets * step_;
  }

 private:
  static constexpr std::int64_t kBuckets = 512;
  const std::int64_t min_t_;
  const std::int64_t step_;
  std::array<std::uint64_t, kBuckets> bytes_{};
};

void profile_series(const Series& series, std::size_t index_bytes, AgeProfile& profile) {
  if (series.own == nullptr) return;
  const OwnSamples& own = *series.own;
  for (const ChunkEntry& entry : own.sealed) profile.add(entry.last_t, entry.chunk->size_bytes);
  if (own.last_t != kNoTime) {
    profile.add(own.last_t, own.open_capacity * sizeof(Sample) + index_bytes);
  }
  if (own.extra == nullptr) return;
  for (const HistogramPoint& point : own.extra->histograms) {
    profile.add(point.t, point.histogram.get()->bytes() + sizeof point);
  }
  const LateSamples& late = own.extra->late;
  if (!late.empty()) profile.add(late.last().t, late.bytes());
}

std::uint64_t drop_chunks(Core& core, OwnSamples& own, std::int64_t t) {
  std::uint64_t dropped = 0;
  const auto keep = std::find_if(own.sealed.begin(), own.sealed.end(),
                                 [&](const ChunkEntry& e) { return e.last_t >= t; });
  for (auto at = own.sealed.begin(); at != keep; ++at) {
    dropped += at->chunk->count;
    core.data_bytes -= at->chunk->size_bytes;
    --core.figures.chunks;
    core.epochs.retire(
        const_cast<Chunk*>(at->chunk), [](void* chunk) { Chunk::free(static_cast<Chunk*>(chunk)); },
        at->chunk->size_bytes);
  }
  own.sealed.erase(own.sealed.begin(), keep);
  return dropped;
}

void free_open(Core& core, OwnSamples& own) {
  core.data_bytes -= signed_bytes(own.open_capacity * sizeof(Sample));
  own.open.reset();
  own.open_count = own.open_capacity = 0;
}

std::uint64_t drop_extra(Core& core, SeriesExtra& extra, std::int64_t t) {
  std::uint64_t dropped = 0;
  const auto keep = std::find_if(extra.histograms.begin(), extra.histograms.end(),
                                 [&](const HistogramPoint& p) { return p.t >= t; });
  for (auto at = extra.histograms.begin(); at != keep; ++at, ++dropped) {
    core.data_bytes -= signed_bytes(at->histogram.get()->bytes() + sizeof *at);
  }
  extra.histograms.erase(extra.histograms.begin(), keep);
  const std::size_t late = extra.late.bytes();
  dropped += extra.late.erase(INT64_MIN, t - 1);
  core.data_bytes -= signed_bytes(late - extra.late.bytes());
  return dropped;
}

// Drops what of a series is older than t; whole chunks only, so some older samples may stay.
std::uint64_t drop_series_before(Core& core, Series& series, std::int64_t t) {
  if (series.own == nullptr) return 0;
  OwnSamples& own = *series.own;
  std::uint64_t dropped = drop_chunks(core, own, t);
  if (own.open_count > 0 && own.open[own.open_count - 1].t < t) {
    dropped += own.open_count;
    free_open(core, own);
  }
  if (own.extra != nullptr) dropped += drop_extra(core, *own.extra, t);
  // A newest histogram that went is not to be compared with any more.
  if (dropped > 0 && own.last_t < t) {
    own.last_t = kNoTime;
    own.last_histogram = nullptr;
  }
  return dropped;
}

std::uint64_t drop_before(Core& core, std::int64_t t) {
  std::uint64_t dropped = 0;
  each_series(core, [&](Series& series) { dropped += drop_series_before(core, series, t); });
  const std::lock_guard lock(core.commit_mutex);
  for (const auto& group : core.cohorts.groups()) {
    core.data_bytes += group->drop_before(t, core.epochs, dropped);
    core.data_bytes += group->drop_open_before(t, core.epochs, dropped);
  }
  core.data_bytes += core.cohorts.drop_empty_groups(core.epochs);
  core.min_t = std::max(core.min_t, std::min(t, core.max_t));
  return dropped;
}

std::uint64_t used_bytes(Core& core) {
  const std::lock_guard lock(core.commit_mutex);
  return core.used_bytes();
}

bool is_unused(const Series& series, std::int64_t before_s) {
  return series.touched_s.load(std::memory_order_relaxed) <= before_s && series.pins == 0 &&
         series.home_group == nullptr && !has_samples(series);
}

void remove_empty_series(Core& core) {
  const std::int64_t before = (core.now_ms() - kEmptyGraceMs) / 1000;
  std::vector<Series*> gone;
  const index::EpochHold hold(core.epochs);
  each_series(core, [&](Series& series) {
    if (is_unused(series, before)) gone.push_back(&series);
  });
  if (gone.empty()) return;
  const std::lock_guard lock(core.commit_mutex);
  // Somebody may have written to one of them in between.
  std::erase_if(gone, [&](const Series* s) { return !is_unused(*s, before); });
  for (const Series* s : gone) {
    if (s->own != nullptr && s->own->counted) core.own_bytes -= kOwnBytes;
  }
  core.exemplars.forget(gone);
  core.index.remove_series(gone);
}

}  // namespace

bool make_room(Core& core) {
  const std::lock_guard upkeep(core.upkeep_mutex);
  const std::uint64_t limit = core.max_bytes;
  const std::uint64_t used = used_bytes(core);
  const std::uint64_t wanted = limit - limit / kFreedPart;
  if (used <= wanted) return true;
  std::int64_t min_t = 0;
  std::int64_t max_t = 0;
  {
    const std::lock_guard lock(core.commit_mutex);
    min_t = core.min_t;
    max_t = core.max_t;
  }
  if (min_t > max_t) return false;
  AgeProfile profile(min_t, max_t);
  const std::size_t per_series =
      core.index.bytes() / std::max<std::size_t>(core.index.series_count(), 1);
  each_series(core, [&](const Series& series) { profile_series(series, per_series, profile); });
  {
    const std::lock_guard lock(core.commit_mutex);
    for (const auto& group : core.cohorts.groups()) {
      group->each_tile([&](std::int64_t t, std::size_t bytes) { profile.add(t, bytes); });
    }
  }
  const std::uint64_t dropped = drop_before(core, profile.cut(used - wanted));
  {
    const std::lock_guard lock(core.commit_mutex);
    core.figures.samples_dropped += dropped;
  }
  remove_empty_series(core);
  core.epochs.collect();
  return used_bytes(core) <= limit;
}

void expire(Core& core) {
  const std::int64_t age = core.max_age_ms;
  if (age <= 0) return;
  const std::int64_t cut = core.now_ms() - age;
  // Not for every sample that grows old: a fiftieth of the retention at a time.
  const std::int64_t slack = std::clamp<std::int64_t>(age / 50, 1'000, 600'000);
  {
    const std::lock_guard lock(core.commit_mutex);
    if (core.min_t == INT64_MAX || core.min_t >= cut - slack) return;
  }
  const std::lock_guard upkeep(core.upkeep_mutex);
  const std::uint64_t dropped = drop_before(core, cut);
  const std::lock_guard lock(core.commit_mutex);
  core.figures.samples_expired += dropped;
}

void collect_idle(Core& core) {
  const std::lock_guard upkeep(core.upkeep_mutex);
  std::int64_t idle_before = 0;
  {
    const std::lock_guard lock(core.commit_mutex);
    idle_before = core.max_t == INT64_MIN ? INT64_MIN : core.max_t - kIdleMs;
    for (const auto& group : core.cohorts.groups()) {
      if (!group->live)
        core.data_bytes += group->seal(core.epochs, core.oldest_reader() < core.sequence);
    }
    core.data_bytes += core.cohorts.drop_empty_groups(core.epochs);
  }
  each_series(core, [&](Series& series) {
    if (series.own == nullptr) return;
    OwnSamples& own = *series.own;
    if (own.open_capacity == 0 || own.last_t >= idle_before) return;
    SeriesWriter(core).seal(own);
    free_open(core, own);
  });
  remove_empty_series(core);
  core.epochs.collect();
}

}  // namespace narthex::storage::head
