// SPDX-License-Identifier: Apache-2.0
// timer_queue.hpp - pending timers in order of time. It neither waits nor runs anything: whoever
// owns it asks for what is due and is told by on_earlier when it must look sooner than it planned.
// Adding, cancelling and taking cost O(log n). Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace narthex::runtime {

class TimerQueue : public std::enable_shared_from_this<TimerQueue> {
 public:
  // A timer that has been added. run() runs its task unless it was cancelled or has run.
  class Entry;

  // on_earlier is called, without a lock held, when the earliest time has moved forward.
  explicit TimerQueue(std::function<void()> on_earlier) : on_earlier_(std::move(on_earlier)) {}

  Timer add(std::int64_t mono_ns, Pool pool, Task task);
  // Removes and returns what is due at mono_ns, earliest first.
  std::vector<std::shared_ptr<Entry>> take_due(std::int64_t mono_ns);
  std::optional<std::int64_t> next_ns() const;
  std::size_t size() const;
  // Drops everything; what is added later never runs.
  void close();

 private:
  using Map = std::multimap<std::int64_t, std::shared_ptr<Entry>>;

  const std::function<void()> on_earlier_;
  mutable std::mutex mutex_;
  Map entries_;  // guarded by mutex_
  bool closed_ = false;
};

class TimerQueue::Entry final : public Timer::Impl {
 public:
  Entry(std::shared_ptr<TimerQueue> queue, Pool pool, Task task)
      : queue_(std::move(queue)), pool_(pool), task_(std::move(task)) {}

  Pool pool() const noexcept { return pool_; }
  void run();
  void cancel() override;

 private:
  friend class TimerQueue;

  // Keeps the lock alive; the circle ends when the entry leaves the queue.
  const std::shared_ptr<TimerQueue> queue_;
  const Pool pool_;
  // Guarded by queue_->mutex_.
  Task task_;
  Map::iterator place_;
  bool queued_ = false;
};

}  // namespace narthex::runtime
