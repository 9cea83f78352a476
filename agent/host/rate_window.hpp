// SPDX-License-Identifier: Apache-2.0
// rate_window.hpp - at most so many events in a window of time; counts what it refused.
// Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

namespace narthex::host {

class RateWindow {
 public:
  RateWindow(std::uint32_t events_max, std::int64_t window_ms)
      : events_max_(events_max), window_ns_(window_ms * 1'000'000) {}

  bool take(std::int64_t mono_ns) {
    const std::lock_guard lock(mutex_);
    if (count_ == 0 || mono_ns - begun_ns_ >= window_ns_) {
      begun_ns_ = mono_ns;
      count_ = 0;
    }
    if (count_ >= events_max_) return ++refused_, false;
    return ++count_, true;
  }
  // Refused since the last time somebody asked.
  std::uint64_t refused() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refused_, 0);
  }

 private:
  const std::uint32_t events_max_;
  const std::int64_t window_ns_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::int64_t begun_ns_ = 0;
  std::uint32_t count_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace narthex::host
