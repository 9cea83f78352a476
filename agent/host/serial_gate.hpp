// SPDX-License-Identifier: Apache-2.0
// serial_gate.hpp - lets one [worker] call of an instance pass at a time. A lock that is held
// across a call into a plugin, and the only one: nothing the host does for the plugin takes it,
// nested calls of the same thread skip it, and waiting for it is bounded. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace narthex::host {

class SerialGate {
 public:
  // False: somebody else was still inside after the wait.
  bool enter(std::int64_t wait_ms) {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::system_clock::now() + std::chrono::milliseconds(wait_ms);
    if (!free_.wait_until(lock, until, [this] { return !busy_; })) return false;
    return busy_ = true;
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
    }
    free_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  bool busy_ = false;  // guarded by mutex_
};

}  // namespace narthex::host
