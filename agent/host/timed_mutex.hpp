// SPDX-License-Identifier: Apache-2.0
// timed_mutex.hpp - a mutex that can be waited for until a time. std::timed_mutex would do, but it
// locks by pthread_mutex_clocklock, which the thread sanitizer of GCC 12 does not see: everything
// that it guards would count as not guarded.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace narthex::host {

// Lockable by std::unique_lock and std::lock_guard. Not recursive; who waits longest is not
// preferred. Times are steady.
class TimedMutex {
 public:
  void lock() {
    std::unique_lock<std::mutex> lock(mutex_);
    freed_.wait(lock, [this] { return !held_; });
    held_ = true;
  }

  bool try_lock() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (held_) return false;
    held_ = true;
    return true;
  }

  bool try_lock_for(std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!freed_.wait_for(lock, time, [this] { return !held_; })) return false;
    held_ = true;
    return true;
  }

  void unlock() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      held_ = false;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool held_ = false;  // guarded by mutex_
};

}  // namespace narthex::host
