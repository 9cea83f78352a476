// SPDX-License-Identifier: Apache-2.0
// bus.hpp - the event bus: what happened, told to whoever wants to know. Semantics are those of
// narthex/event.h (topics, patterns, overflow, retained states); this is the agent's side of it.
//
// publish() copies the payload once, pushes a pointer into each subscriber's bounded queue and
// returns: it never blocks and never runs a subscriber. Events of a topic arrive in the order of
// their sequence. A subscription's first loss of an episode is itself an event: limits.hit.
// Thread-safe. Subscriptions may outlive the bus; the executor must outlive both.
#pragma once

#include "runtime/executor.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/event.h>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::bus {

// One published event; immutable, shared by all subscribers.
struct Event {
  std::uint32_t topic = 0;
  std::string topic_name;
  std::string source;
  std::uint64_t sequence = 0;  // a topic, from 1
  std::int64_t t_ms = 0;
  nx_value payload{};    // a table
  sdk::TreeArena arena;  // owns payload
};

// What a subscriber gets: the event and how many it lost just before it.
struct Delivery {
  std::shared_ptr<const Event> event;
  std::uint64_t dropped = 0;
};

struct SubscribeOptions {
  std::string subscriber;  // for metrics and `bus topics`
  std::uint32_t overflow = NX_OVERFLOW_DROP_OLDEST;
  std::uint32_t queue_max = 1024;  // at most 65536; 0: 1024
  bool retained = false;           // begin with what retained topics hold
  runtime::Pool pool = runtime::Pool::kWorker;
  std::string coalesce_key;  // superseded events are not counted as lost
};

using Deliver = std::function<void(std::span<const Delivery>)>;

// Ends the subscription when it dies: deliver does not run after that (from within: after it
// returns).
class Subscription {
 public:
  virtual ~Subscription() = default;
};

struct TopicView {
  std::string name;
  std::uint64_t published = 0;
  bool retained = false;
};
struct SubscriberView {
  std::string subscriber;
  std::string pattern;
  std::uint64_t queued = 0;
  std::uint64_t queue_max = 0;
  std::uint64_t dropped = 0;
};

// Fields of a payload, for publishers inside the agent.
using Payload = std::initializer_list<std::pair<std::string_view, nx_value>>;

class Bus {
 public:
  Bus(runtime::Executor& executor, telemetry::Registry& registry);
  ~Bus();

  // The number of a topic, the same for the same name. 0: not a valid topic name (dotted levels of
  // letters, digits, '_' and '-'), or too many topics.
  std::uint32_t topic(std::string_view name);
  // Payload must be a table; it is copied. retain: keep it as the topic's present state. Retained
  // state is kept a topic and `key` (a payload key such as "instance"; empty: one a topic).
  void publish(std::uint32_t topic, std::string_view source, const nx_value& payload,
               bool retain = false, std::string_view retain_key = {});
  // Convenience: builds the table. String values are borrowed for the call.
  void publish(std::string_view topic, std::string_view source, Payload payload,
               bool retain = false, std::string_view retain_key = {});

  // pattern: "a.b", "a.*" (one level), "a.>" (all below), ">" (all).
  Result<std::unique_ptr<Subscription>> subscribe(std::string_view pattern,
                                                  const SubscribeOptions& options, Deliver deliver);

  std::vector<TopicView> topics() const;
  std::vector<SubscriberView> subscribers() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Nodes for Payload.
inline nx_value text_value(std::string_view text) {
  nx_value v{};
  v.type = NX_STRING;
  v.len = static_cast<std::uint32_t>(text.size());
  v.u.s = text.data();
  return v;
}
inline nx_value int_value(std::int64_t i) {
  nx_value v{};
  v.type = NX_INT;
  v.u.i = i;
  return v;
}

// The payload as JSON, secrets redacted.
std::string to_json(const nx_value& payload);

}  // namespace narthex::bus
