// SPDX-License-Identifier: Apache-2.0
// cancel.hpp - asking work to end early: a client that left, a deadline, a shutdown. One side calls
// cancel(), the other asks cancelled() in its loops (an atomic load) or registers what to
// interrupt. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace narthex::runtime {

class Cancellation {
 public:
  // A registered callback. Once it is destroyed the callback does not run and is not running.
  class Hook {
   public:
    Hook() = default;
    Hook(Cancellation* owner, std::uint64_t id) : owner_(owner), id_(id) {}
    Hook(Hook&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}
    Hook& operator=(Hook&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Hook() {
      if (owner_ != nullptr) owner_->remove(id_);
    }

   private:
    Cancellation* owner_ = nullptr;
    std::uint64_t id_ = 0;
  };

  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  const std::atomic<bool>& flag() const noexcept { return cancelled_; }

  void cancel() {
    const std::lock_guard lock(mutex_);
    if (cancelled_.exchange(true)) return;
    for (const auto& [id, callback] : callbacks_) callback();
    callbacks_.clear();
  }

  // Runs callback once on cancel(), at once when that has happened. It must not block and must not
  // touch this object or its hooks. The hook must die before this object.
  [[nodiscard]] Hook on_cancel(std::function<void()> callback) {
    const std::lock_guard lock(mutex_);
    if (cancelled()) {
      callback();
      return Hook();
    }
    callbacks_.emplace_back(++last_id_, std::move(callback));
    return Hook(this, last_id_);
  }

 private:
  void remove(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(callbacks_, [id](const auto& entry) { return entry.first == id; });
  }

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::uint64_t last_id_ = 0;                                                // guarded by mutex_
  std::vector<std::pair<std::uint64_t, std::function<void()>>> callbacks_;  // guarded by mutex_
};

}  // namespace narthex::runtime
