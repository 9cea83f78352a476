// SPDX-License-Identifier: Apache-2.0
// cancel.hpp - asking work to end early: a client that left, a deadline, a shutdown. One side calls
// cancel(), the other asks cancelled() in its loops (an atomic load) or registers what to
// interrupt. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace narthex::runtime {

class Cancellation {
 public:
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  const std::atomic<bool>& flag() const noexcept { return cancelled_; }

  void cancel() {
    std::vector<std::function<void()>> callbacks;
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_.exchange(true)) return;
      callbacks.swap(callbacks_);
    }
    for (const auto& callback : callbacks) callback();
  }

  // Runs callback once on cancel(), at once when that has happened. It must not block.
  void on_cancel(std::function<void()> callback) {
    {
      const std::lock_guard lock(mutex_);
      if (!cancelled()) {
        callbacks_.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> callbacks_;  // guarded by mutex_
};

}  // namespace narthex::runtime
