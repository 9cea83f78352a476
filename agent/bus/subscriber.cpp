// SPDX-License-Identifier: Apache-2.0
#include "bus/subscriber.hpp"

#include <utility>

namespace narthex::bus {

Subscriber::Subscriber(runtime::Executor& executor, telemetry::Registry& registry,
                       std::string pattern, const SubscribeOptions& options, Deliver deliver)
    : executor_(executor),
      registry_(registry),
      pattern_(std::move(pattern)),
      options_(options),
      deliver_(std::move(deliver)),
      queue_(options.overflow, options.queue_max, options.coalesce_key) {}

bool Subscriber::offer(std::shared_ptr<const Event> event) {
  bool episode_begins = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (const std::shared_ptr<const Event> lost = queue_.push(std::move(event))) {
      count_loss(*lost);
      episode_begins = !std::exchange(losing_, true);
    }
    if (std::exchange(scheduled_, true)) return episode_begins;
  }
  executor_.post(options_.pool, [self = shared_from_this()] { self->turn(); });
  return episode_begins;
}

// Delivers what has gathered, then gives the thread back: a subscriber that is always busy must not
// keep one for itself.
void Subscriber::turn() {
  std::vector<Delivery> batch;
  {
    const std::lock_guard lock(mutex_);
    batch = queue_.take_all();
    losing_ = false;
    if (batch.empty()) {
      scheduled_ = false;
      return;
    }
    runner_ = std::this_thread::get_id();
  }
  deliver_(batch);
  {
    const std::lock_guard lock(mutex_);
    runner_ = {};
    scheduled_ = queue_.size() != 0;
    // Under the lock: whoever waits in close() may take us away as soon as it is free.
    idle_.notify_all();
    if (!scheduled_) return;
  }
  executor_.post(options_.pool, [self = shared_from_this()] { self->turn(); });
}

// REQUIRES: mutex_ is held. A counter is looked up once a topic.
void Subscriber::count_loss(const Event& lost) {
  ++dropped_;
  telemetry::Counter*& counter = dropped_by_topic_[lost.topic];
  if (counter == nullptr) {
    counter = &registry_.counter("narthex_bus_dropped_total",
                                 "Events that a subscriber of the bus lost, its queue being full.",
                                 {{"topic", lost.topic_name}, {"subscriber", options_.subscriber}});
  }
  counter->add();
}

void Subscriber::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  queue_.clear();
  if (runner_ == std::this_thread::get_id()) return;
  idle_.wait(lock, [this] { return runner_ == std::thread::id(); });
}

SubscriberView Subscriber::view() const {
  const std::lock_guard lock(mutex_);
  return {options_.subscriber, pattern_, queue_.size(), options_.queue_max, dropped_};
}

}  // namespace narthex::bus
