// SPDX-License-Identifier: Apache-2.0
// topic.hpp - one topic: its sequence, its subscribers, what it retains. Its lock orders events of
// the topic and is held while pointers are pushed into queues, never while a subscriber runs.
// Thread-safe. Order of locks: bus, topic, subscriber, registry.
#pragma once

#include "bus/subscriber.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::bus {

class Topic {
 public:
  Topic(std::uint32_t number, std::string name, telemetry::Counter& published)
      : number_(number), name_(std::move(name)), published_(published) {}

  std::uint32_t number() const noexcept { return number_; }
  const std::string& name() const noexcept { return name_; }

  // Whether an event is worth making; counts it where nobody would see it.
  bool wanted(bool retain);
  // Gives the event its sequence and hands it out. The subscribers that began to lose events.
  std::vector<std::shared_ptr<Subscriber>> publish(std::shared_ptr<Event> event, bool retain,
                                                   std::string_view retain_key);
  // From here on it gets the events; before them, if it wants, what is retained.
  void attach(const std::shared_ptr<Subscriber>& subscriber, bool with_retained);
  void detach(const Subscriber* subscriber);
  TopicView view() const;

 private:
  static constexpr std::size_t kRetainedMax = 1024;

  struct Retained {
    std::string key;
    std::shared_ptr<const Event> event;
  };
  void keep(std::string_view retain_key, std::shared_ptr<const Event> event);

  const std::uint32_t number_;
  const std::string name_;
  telemetry::Counter& published_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::uint64_t sequence_ = 0;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::deque<Retained> retained_;  // one a key, the latest last
};

}  // namespace narthex::bus
