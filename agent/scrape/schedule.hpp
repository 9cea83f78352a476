// SPDX-License-Identifier: Apache-2.0
// schedule.hpp - when a target is scraped and which timestamp its samples get. Pure arithmetic; not
// thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace narthex::scrape {

// At how many places of an interval the targets of a pool begin: some eight at each. A thread that
// slept finds its caches cold, which costs half as much again as the scrape; those that begin
// together have that once. A power of two: where targets are added, a place moves by less than its
// length.
inline std::uint64_t places_of(std::size_t targets) {
  return std::bit_ceil(std::max<std::uint64_t>(targets / 8, 16));
}

// How long from now (wall clock) to a target's first scrape: its place within the interval depends
// on hash, seed and the number of places only, so that targets are spread evenly and a restart
// keeps their phase.
inline std::int64_t first_delay_ns(std::int64_t now_ms, std::int64_t interval_ms,
                                   std::uint64_t hash, std::uint64_t seed, std::uint64_t places) {
  const std::int64_t interval_ns = interval_ms * 1'000'000;
  const std::int64_t into_ns = now_ms % interval_ms * 1'000'000;
  // The upper bits, as a fraction of the interval.
  const std::uint64_t place = ((hash ^ seed) >> 32) * places >> 32;
  const auto offset_ns =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(interval_ns) / places * place);
  std::int64_t delay_ns = interval_ns - into_ns + offset_ns;
  if (delay_ns > interval_ns) delay_ns -= interval_ns;
  return delay_ns;
}

class Schedule {
 public:
  explicit Schedule(std::int64_t interval_ms) : interval_ms_(interval_ms) {}

  std::int64_t interval_ns() const { return interval_ms_ * 1'000'000; }
  void start(std::int64_t first_mono_ns) { due_ns_ = first_mono_ns; }
  std::int64_t due_ns() const { return due_ns_; }

  // A scrape has ended: the next one is due one interval after this one was. What is more than an
  // interval late is left out; the grid never moves.
  void advance(std::int64_t now_mono_ns) {
    due_ns_ += interval_ns();
    if (now_mono_ns - due_ns_ < interval_ns()) return;
    due_ns_ += (now_mono_ns - due_ns_) / interval_ns() * interval_ns();
  }

  // The timestamp for a scrape that begins now: timers are late by a little, and equal distances
  // are stored in fewer bytes. So up to 2 ms (and 1 % of the interval) are taken off.
  std::int64_t align(std::int64_t now_ms) {
    if (aligned_ms_ == 0 || now_ms < aligned_ms_ - kToleranceMs) aligned_ms_ = now_ms;
    const std::int64_t late_ms = now_ms - aligned_ms_;
    if (late_ms >= interval_ms_) aligned_ms_ += late_ms / interval_ms_ * interval_ms_;
    const std::int64_t tolerance_ms = std::min(interval_ms_ / 100, kToleranceMs);
    return std::abs(now_ms - aligned_ms_) <= tolerance_ms ? aligned_ms_ : now_ms;
  }

 private:
  static constexpr std::int64_t kToleranceMs = 2;

  std::int64_t interval_ms_;
  std::int64_t due_ns_ = 0;
  std::int64_t aligned_ms_ = 0;
};

}  // namespace narthex::scrape
