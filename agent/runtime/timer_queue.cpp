// SPDX-License-Identifier: Apache-2.0
#include "runtime/timer_queue.hpp"

#include <utility>

namespace narthex::runtime {

Timer TimerQueue::add(std::int64_t mono_ns, Pool pool, Task task) {
  auto entry = std::make_shared<Entry>(shared_from_this(), pool, std::move(task));
  bool earlier = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Timer();
    earlier = entries_.empty() || mono_ns < entries_.begin()->first;
    entry->place_ = entries_.emplace(mono_ns, entry);
    entry->queued_ = true;
  }
  if (earlier) on_earlier_();
  return Timer(std::move(entry));
}

std::vector<std::shared_ptr<TimerQueue::Entry>> TimerQueue::take_due(std::int64_t mono_ns) {
  std::vector<std::shared_ptr<Entry>> due;
  const std::lock_guard lock(mutex_);
  const auto end = entries_.upper_bound(mono_ns);
  for (auto at = entries_.begin(); at != end; ++at) {
    at->second->queued_ = false;
    due.push_back(std::move(at->second));
  }
  entries_.erase(entries_.begin(), end);
  return due;
}

std::optional<std::int64_t> TimerQueue::next_ns() const {
  const std::lock_guard lock(mutex_);
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first;
}

std::size_t TimerQueue::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void TimerQueue::close() {
  Map dropped;  // dies after the lock, as the tasks do: these may own timers, even their own
  std::vector<Task> tasks;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [time_ns, entry] : entries_) {
    entry->queued_ = false;
    tasks.push_back(std::exchange(entry->task_, nullptr));
  }
  dropped.swap(entries_);
}

void TimerQueue::Entry::run() {
  Task task;
  {
    const std::lock_guard lock(queue_->mutex_);
    task = std::exchange(task_, nullptr);
  }
  if (task) task();
}

void TimerQueue::Entry::cancel() {
  Task task;  // dies after the lock
  std::shared_ptr<Entry> self;
  const std::lock_guard lock(queue_->mutex_);
  task = std::exchange(task_, nullptr);
  if (!std::exchange(queued_, false)) return;
  self = std::move(place_->second);
  queue_->entries_.erase(place_);
}

}  // namespace narthex::runtime
