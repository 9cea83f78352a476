// SPDX-License-Identifier: Apache-2.0
#include "bus/topic.hpp"

#include <utility>

namespace narthex::bus {
namespace {

// The text that a retained state is kept under.
std::string retained_under(const Event& event, std::string_view retain_key) {
  const sdk::Value value = sdk::Value(&event.payload)[retain_key];
  return value ? to_json(*value.raw()) : std::string();
}

}  // namespace

bool Topic::wanted(bool retain) {
  const std::lock_guard lock(mutex_);
  if (retain || !subscribers_.empty()) return true;
  ++sequence_;
  published_.add();
  return false;
}

std::vector<std::shared_ptr<Subscriber>> Topic::publish(std::shared_ptr<Event> event, bool retain,
                                                        std::string_view retain_key) {
  std::vector<std::shared_ptr<Subscriber>> losing;
  const std::lock_guard lock(mutex_);
  event->sequence = ++sequence_;
  published_.add();
  if (retain) keep(retain_key, event);
  for (const std::shared_ptr<Subscriber>& subscriber : subscribers_) {
    if (subscriber->offer(event)) losing.push_back(subscriber);
  }
  return losing;
}

void Topic::keep(std::string_view retain_key, std::shared_ptr<const Event> event) {
  std::string key = retained_under(*event, retain_key);
  std::erase_if(retained_, [&](const Retained& kept) { return kept.key == key; });
  if (retained_.size() >= kRetainedMax) retained_.pop_front();
  retained_.push_back({std::move(key), std::move(event)});
}

void Topic::attach(const std::shared_ptr<Subscriber>& subscriber, bool with_retained) {
  const std::lock_guard lock(mutex_);
  if (with_retained) {
    for (const Retained& kept : retained_) subscriber->offer(kept.event);
  }
  subscribers_.push_back(subscriber);
}

void Topic::detach(const Subscriber* subscriber) {
  const std::lock_guard lock(mutex_);
  std::erase_if(subscribers_, [&](const auto& kept) { return kept.get() == subscriber; });
}

TopicView Topic::view() const {
  const std::lock_guard lock(mutex_);
  return {name_, sequence_, !retained_.empty()};
}

}  // namespace narthex::bus
