// SPDX-License-Identifier: Apache-2.0
#include "net/lane_queue.hpp"

#include <utility>

namespace narthex::net {

bool LaneQueue::submit(runtime::Task job) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (running_ >= options_.running_max) {
      if (waiting_.size() >= options_.waiting_max) return false;
      waiting_.push_back(std::move(job));
      return true;
    }
    ++running_;
  }
  start(std::move(job));
  return true;
}

void LaneQueue::resume(runtime::Task job) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (running_ >= options_.running_max) return waiting_.push_front(std::move(job));
    ++running_;
  }
  start(std::move(job));
}

void LaneQueue::close() {
  std::deque<runtime::Task> dropped;  // after the lock: what they hold may come here as it ends
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(waiting_);
}

void LaneQueue::start(runtime::Task job) {
  // Shared, so that copies which the pool keeps of its task hold nothing of the exchange.
  const auto held = std::make_shared<runtime::Task>(std::move(job));
  executor_.post(options_.pool, [self = shared_from_this(), held] { self->work(held); });
}

// Through the pool for each: a job may have left work of its own for this thread, which must not
// wait until the lane is empty.
void LaneQueue::work(const std::shared_ptr<runtime::Task>& job) {
  (*job)();
  *job = nullptr;  // what it holds ends on this thread, before the lane goes on
  if (!next(*job)) return;
  executor_.post_next(options_.pool, [self = shared_from_this(), job] { self->work(job); });
}

bool LaneQueue::next(runtime::Task& job) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    --running_;
    return false;
  }
  job = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

}  // namespace narthex::net
