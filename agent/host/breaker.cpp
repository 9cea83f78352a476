// SPDX-License-Identifier: Apache-2.0
#include "host/breaker.hpp"

#include <algorithm>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::int64_t kMinuteNs = 60'000'000'000;

// 1, 2, 4, 8, 16, 32, 60, 60 ... minutes.
std::int64_t pause_ns(int trips) {
  return std::min<std::int64_t>(60, std::int64_t{1} << std::clamp(trips - 1, 0, 6)) * kMinuteNs;
}

}  // namespace

bool Breaker::trip(std::int64_t mono_ns, std::string reason) {
  const std::lock_guard lock(mutex_);
  misses_.store(0, std::memory_order_relaxed);
  if (open() && !allows(mono_ns)) return false;  // calls that were under way when it opened
  // Whoever stayed well for as long as it was last switched off begins anew.
  if (!open() && trips_ > 0 && mono_ns - closed_since_ns_ >= pause_ns(trips_)) trips_ = 0;
  ++trips_;
  reason_ = std::move(reason);
  open_until_ns_.store(mono_ns + pause_ns(trips_), std::memory_order_relaxed);
  return true;
}

bool Breaker::miss(std::int64_t mono_ns, const std::string& entry) {
  if (misses_.fetch_add(1, std::memory_order_relaxed) + 1 < kMissesMax) return false;
  return trip(mono_ns, std::to_string(kMissesMax) + " calls of " + entry +
                           " in a row missed their deadline");
}

bool Breaker::success(std::int64_t mono_ns) noexcept {
  if (misses_.load(std::memory_order_relaxed) != 0) misses_.store(0, std::memory_order_relaxed);
  if (!open() || !allows(mono_ns)) return false;
  const std::lock_guard lock(mutex_);
  if (!open()) return false;
  open_until_ns_.store(0, std::memory_order_relaxed);
  closed_since_ns_ = mono_ns;
  reason_.clear();
  return true;
}

std::string Breaker::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

}  // namespace narthex::host
