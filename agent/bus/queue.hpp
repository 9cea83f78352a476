// SPDX-License-Identifier: Apache-2.0
// queue.hpp - the bounded queue of one subscription: the overflow policies, and nothing else.
// Not thread-safe; the subscription guards it.
//
// Invariant: size() <= max. Every event that is pushed is delivered, or counted in the `dropped` of
// the delivery after it, or (coalescing) superseded by a later one with its topic and key.
#pragma once

#include "bus/bus.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::bus {

class DeliveryQueue {
 public:
  DeliveryQueue(std::uint32_t overflow, std::size_t max, std::string coalesce_key)
      : overflow_(overflow), max_(max), coalesce_key_(std::move(coalesce_key)) {}

  // The event that was lost by this push: an older one, this one, or nullptr for none.
  std::shared_ptr<const Event> push(std::shared_ptr<const Event> event);
  // Everything that waits, oldest first.
  std::vector<Delivery> take_all();
  std::size_t size() const noexcept { return deliveries_.size(); }
  void clear();

 private:
  using List = std::list<Delivery>;

  std::string key_of(const Event& event) const;
  std::shared_ptr<const Event> drop_oldest();

  const std::uint32_t overflow_;
  const std::size_t max_;
  const std::string coalesce_key_;
  List deliveries_;
  std::unordered_map<std::string, List::iterator> by_key_;  // used when coalescing
  std::uint64_t dropped_before_next_ = 0;
};

}  // namespace narthex::bus
