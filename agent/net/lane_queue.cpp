// SPDX-License-Identifier: Apache-2.0
#include "net/lane_queue.hpp"

#include <utility>

namespace narthex::net {

bool LaneQueue::submit(runtime::Task job) {
  if (running_ < options_.running_max) {
    start(std::move(job));
  } else if (waiting_.size() < options_.waiting_max) {
    waiting_.push_back(std::move(job));
  } else {
    return false;
  }
  return true;
}

void LaneQueue::resume(runtime::Task job) {
  if (running_ < options_.running_max) {
    start(std::move(job));
  } else {
    waiting_.push_front(std::move(job));
  }
}

void LaneQueue::start(runtime::Task job) {
  ++running_;
  // Shared, so that copies which the pool keeps of its task hold nothing of the exchange.
  const auto held = std::make_shared<runtime::Task>(std::move(job));
  executor_.post(options_.pool, [self = shared_from_this(), held] {
    (*held)();
    *held = nullptr;  // what it holds ends on this thread, before the lane goes on
    self->on_strand_([self] { self->on_done(); });
  });
}

void LaneQueue::on_done() {
  --running_;
  if (waiting_.empty()) return;
  runtime::Task next = std::move(waiting_.front());
  waiting_.pop_front();
  start(std::move(next));
}

}  // namespace narthex::net
