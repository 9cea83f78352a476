// SPDX-License-Identifier: Apache-2.0
#include "bus/queue.hpp"

#include <utility>

namespace narthex::bus {

std::shared_ptr<const Event> DeliveryQueue::push(std::shared_ptr<const Event> event) {
  std::string key;
  if (overflow_ == NX_OVERFLOW_COALESCE) {
    key = key_of(*event);
    const auto superseded = by_key_.find(key);
    if (superseded != by_key_.end()) {
      dropped_before_next_ += superseded->second->dropped;
      deliveries_.erase(superseded->second);
      by_key_.erase(superseded);
    }
  }
  std::shared_ptr<const Event> lost;
  if (deliveries_.size() >= max_) {
    if (overflow_ == NX_OVERFLOW_DROP_NEWEST) {
      ++dropped_before_next_;
      return event;
    }
    lost = drop_oldest();
  }
  deliveries_.push_back({std::move(event), std::exchange(dropped_before_next_, 0)});
  if (overflow_ == NX_OVERFLOW_COALESCE) by_key_[key] = std::prev(deliveries_.end());
  return lost;
}

// The gap shows at what is the oldest now, or at the event that is about to come.
std::shared_ptr<const Event> DeliveryQueue::drop_oldest() {
  Delivery oldest = std::move(deliveries_.front());
  deliveries_.pop_front();
  if (overflow_ == NX_OVERFLOW_COALESCE) by_key_.erase(key_of(*oldest.event));
  std::uint64_t& gap = deliveries_.empty() ? dropped_before_next_ : deliveries_.front().dropped;
  gap += oldest.dropped + 1;
  return std::move(oldest.event);
}

std::vector<Delivery> DeliveryQueue::take_all() {
  std::vector<Delivery> all(std::make_move_iterator(deliveries_.begin()),
                            std::make_move_iterator(deliveries_.end()));
  clear();
  return all;
}

void DeliveryQueue::clear() {
  deliveries_.clear();
  by_key_.clear();
}

// Topic and the text of the key's value; an event without it has its topic only.
std::string DeliveryQueue::key_of(const Event& event) const {
  std::string key = std::to_string(event.topic);
  const sdk::Value value = sdk::Value(&event.payload)[coalesce_key_];
  return value ? key + '\n' + to_json(*value.raw()) : key;
}

}  // namespace narthex::bus
