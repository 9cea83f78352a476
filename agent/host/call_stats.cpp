// SPDX-License-Identifier: Apache-2.0
#include "host/call_stats.hpp"

#include <algorithm>

namespace narthex::host {

void CallStats::count(std::int64_t duration_ns) noexcept {
  const auto bucket = static_cast<std::size_t>(
      std::lower_bound(kCallBoundsNs.begin(), kCallBoundsNs.end(), duration_ns) -
      kCallBoundsNs.begin());
  durations[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_ns.fetch_add(duration_ns, std::memory_order_relaxed);
  std::int64_t seen = max_ns.load(std::memory_order_relaxed);
  while (seen < duration_ns &&
         !max_ns.compare_exchange_weak(seen, duration_ns, std::memory_order_relaxed)) {
  }
}

std::uint64_t CallStats::calls() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& bucket : durations) sum += bucket.load(std::memory_order_relaxed);
  return sum;
}

double CallStats::quantile_ms(double share) const noexcept {
  const double wanted = share * static_cast<double>(calls());
  const auto max = static_cast<double>(max_ns.load(std::memory_order_relaxed));
  double below = 0;
  for (std::size_t i = 0; i < durations.size(); ++i) {
    const auto here = static_cast<double>(durations[i].load(std::memory_order_relaxed));
    if (here == 0 || below + here < wanted) {
      below += here;
      continue;
    }
    const double low = i == 0 ? 0 : static_cast<double>(kCallBoundsNs[i - 1]);
    const double high =
        i == kCallBoundsNs.size() ? max : std::min(max, static_cast<double>(kCallBoundsNs[i]));
    return (low + (std::max(low, high) - low) * (wanted - below) / here) / 1e6;
  }
  return 0;
}

void CallStats::set_last_error(std::string_view text) {
  const std::lock_guard lock(mutex_);
  last_error_ = text;
}

std::string CallStats::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

}  // namespace narthex::host
