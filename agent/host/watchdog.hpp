// SPDX-License-Identifier: Apache-2.0
// watchdog.hpp - looks every few seconds whether a call into a plugin has passed its hard deadline,
// as long as any call with a deadline is in flight, and sleeps otherwise. A call cannot be killed:
// its instance is written off and the agent goes on. Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

namespace narthex::host {

class Watchdog {
 public:
  static constexpr std::int64_t kPeriodMs = 5000;

  // `scan` reports calls that hang and answers whether any watched call is in flight.
  Watchdog(runtime::Executor& executor, std::function<bool()> scan)
      : executor_(executor), scan_(std::move(scan)) {}

  // Called after a watched call was noted down.
  void arm() {
    if (armed_.load() || armed_.exchange(true)) return;
    const std::lock_guard lock(mutex_);
    if (!stopped_) timer_ = executor_.after(kPeriodMs, runtime::Pool::kIo, [this] { tick(); });
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    timer_.cancel();
  }

  // Three times the deadline, and at least ten seconds.
  static std::int64_t hard_deadline_ns(std::int64_t deadline_ms) {
    return (deadline_ms * 3 > 10'000 ? deadline_ms * 3 : 10'000) * 1'000'000;
  }

 private:
  void tick() {
    // In this order: a call that begins now either sees armed_ false, or is seen by the scan.
    armed_.store(false);
    if (scan_()) arm();
  }

  runtime::Executor& executor_;
  const std::function<bool()> scan_;
  std::atomic<bool> armed_{false};
  std::mutex mutex_;
  runtime::Timer timer_;  // guarded by mutex_
  bool stopped_ = false;  // guarded by mutex_
};

}  // namespace narthex::host
