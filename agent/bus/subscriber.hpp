// SPDX-License-Identifier: Apache-2.0
// subscriber.hpp - one subscription at work: its queue, its turns on the executor, its end.
// Thread-safe. offer() never blocks on the subscriber's code.
#pragma once

#include "bus/bus.hpp"
#include "bus/queue.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace narthex::bus {

class Subscriber : public std::enable_shared_from_this<Subscriber> {
 public:
  Subscriber(runtime::Executor& executor, telemetry::Registry& registry, std::string pattern,
             const SubscribeOptions& options, Deliver deliver);

  // Queues the event and schedules a turn. True: something was lost, for the first time since the
  // queue was empty.
  bool offer(std::shared_ptr<const Event> event);
  // Afterwards deliver does not run; from within it: once it returns.
  void close();

  const std::string& pattern() const noexcept { return pattern_; }
  const std::string& name() const noexcept { return options_.subscriber; }
  SubscriberView view() const;

 private:
  void turn();
  void count_loss(const Event& lost);

  // Constant after construction.
  runtime::Executor& executor_;
  telemetry::Registry& registry_;
  const std::string pattern_;
  const SubscribeOptions options_;
  const Deliver deliver_;

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  // Guarded by mutex_.
  DeliveryQueue queue_;
  std::map<std::uint32_t, telemetry::Counter*> dropped_by_topic_;
  std::uint64_t dropped_ = 0;
  std::thread::id runner_;  // of the running deliver
  bool scheduled_ = false;  // a turn is posted or running
  bool losing_ = false;
  bool closed_ = false;
};

}  // namespace narthex::bus
