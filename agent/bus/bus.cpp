// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.hpp"

#include "bus/pattern.hpp"
#include "bus/subscriber.hpp"
#include "bus/topic.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace narthex::bus {
namespace {

constexpr std::size_t kTopicsMax = 4096;
constexpr std::uint32_t kQueueDefault = 1024;
constexpr std::uint32_t kQueueMax = 65536;
constexpr std::string_view kLimitTopic = "limits.hit";

}  // namespace

struct Bus::Impl {
  Impl(runtime::Executor& e, telemetry::Registry& r) : executor(e), registry(r) {}

  std::shared_ptr<Topic> find(std::uint32_t number) const {
    const std::lock_guard lock(mutex);
    return number == 0 || number > topics.size() ? nullptr : topics[number - 1];
  }

  // The topic of that name, made and joined by those who wait for it; nullptr: too many.
  std::shared_ptr<Topic> find_or_make(std::string_view name) {
    const std::lock_guard lock(mutex);
    const auto at = by_name.find(name);
    if (at != by_name.end()) return at->second;
    if (topics.size() >= kTopicsMax) return nullptr;
    auto topic = std::make_shared<Topic>(
        static_cast<std::uint32_t>(topics.size() + 1), std::string(name),
        registry.counter("narthex_bus_events_total", "Events published on the bus.",
                         {{"topic", std::string(name)}}));
    for (const auto& subscriber : subscribers) {
      if (matches(subscriber->pattern(), name)) topic->attach(subscriber, false);
    }
    topics.push_back(topic);
    by_name.emplace(topic->name(), topic);
    return topic;
  }

  void attach(const std::shared_ptr<Subscriber>& subscriber, bool with_retained) {
    const std::lock_guard lock(mutex);
    for (const auto& topic : topics) {
      if (matches(subscriber->pattern(), topic->name())) topic->attach(subscriber, with_retained);
    }
    subscribers.push_back(subscriber);
  }

  void detach(const Subscriber* subscriber) {
    const std::lock_guard lock(mutex);
    for (const auto& topic : topics) topic->detach(subscriber);
    std::erase_if(subscribers, [&](const auto& kept) { return kept.get() == subscriber; });
  }

  void gather(telemetry::Gathering& out) const {
    std::map<std::string, double> queued;  // a subscriber may have several subscriptions
    {
      const std::lock_guard lock(mutex);
      for (const auto& s : subscribers) queued[s->name()] += static_cast<double>(s->view().queued);
    }
    for (const auto& [name, count] : queued) {
      out.gauge("narthex_bus_queue_length", "Events that wait for a subscriber of the bus.",
                {{"subscriber", name}}, count);
    }
  }

  runtime::Executor& executor;
  telemetry::Registry& registry;
  mutable std::mutex mutex;
  // Guarded by mutex.
  std::vector<std::shared_ptr<Topic>> topics;  // topic n is at n - 1
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> by_name;
  std::vector<std::shared_ptr<Subscriber>> subscribers;
  std::shared_ptr<void> gather_handle;  // constant after construction
};

namespace {

// Weak: whoever holds a subscription does not hold the bus.
template <class BusImpl>
class SubscriptionOf final : public Subscription {
 public:
  SubscriptionOf(std::weak_ptr<BusImpl> bus, std::shared_ptr<Subscriber> subscriber)
      : bus_(std::move(bus)), subscriber_(std::move(subscriber)) {}
  ~SubscriptionOf() override {
    if (const auto bus = bus_.lock()) bus->detach(subscriber_.get());
    subscriber_->close();
  }

 private:
  const std::weak_ptr<BusImpl> bus_;
  const std::shared_ptr<Subscriber> subscriber_;
};

}  // namespace

Bus::Bus(runtime::Executor& executor, telemetry::Registry& registry)
    : impl_(std::make_shared<Impl>(executor, registry)) {
  impl_->gather_handle =
      registry.on_gather([impl = impl_.get()](telemetry::Gathering& out) { impl->gather(out); });
}

// The callback above looks at impl_: it ends first.
Bus::~Bus() { impl_->gather_handle.reset(); }

std::uint32_t Bus::topic(std::string_view name) {
  if (!is_topic_name(name)) return 0;
  const std::shared_ptr<Topic> topic = impl_->find_or_make(name);
  return topic != nullptr ? topic->number() : 0;
}

void Bus::publish(std::uint32_t number, std::string_view source, const nx_value& payload,
                  bool retain, std::string_view retain_key) {
  const std::shared_ptr<Topic> topic = impl_->find(number);
  if (topic == nullptr || payload.type != NX_TABLE || !topic->wanted(retain)) return;
  auto event = std::make_shared<Event>();
  event->topic = number;
  event->topic_name = topic->name();
  event->source = source;
  event->t_ms = impl_->executor.clock().now_ms();
  event->payload = event->arena.clone(payload);
  const auto losing = topic->publish(std::move(event), retain, retain_key);
  if (topic->name() == kLimitTopic) return;  // its own overflow must not feed itself
  for (const std::shared_ptr<Subscriber>& subscriber : losing) {
    const SubscriberView view = subscriber->view();
    publish(kLimitTopic, "bus",
            {{"what", text_value("bus.queue")},
             {"instance", text_value(view.subscriber)},
             {"limit", int_value(static_cast<std::int64_t>(view.queue_max))},
             {"value", int_value(static_cast<std::int64_t>(view.dropped))}});
  }
}

void Bus::publish(std::string_view topic_name, std::string_view source, Payload payload,
                  bool retain, std::string_view retain_key) {
  std::vector<nx_kv> entries;
  entries.reserve(payload.size());
  for (const auto& [key, value] : payload) entries.push_back({to_nx(key), value});
  nx_value table{};
  table.type = NX_TABLE;
  table.len = static_cast<std::uint32_t>(entries.size());
  table.u.entries = entries.data();
  publish(topic(topic_name), source, table, retain, retain_key);
}

Result<std::unique_ptr<Subscription>> Bus::subscribe(std::string_view pattern,
                                                     const SubscribeOptions& options,
                                                     Deliver deliver) {
  if (!is_pattern(pattern)) {
    return invalid_argument("cannot subscribe to '" + std::string(pattern) +
                            "': not a topic, \"topic.*\", \"topic.>\" or \">\"");
  }
  if (options.overflow > NX_OVERFLOW_COALESCE || options.queue_max > kQueueMax) {
    return invalid_argument("cannot subscribe: unknown overflow policy or a queue above " +
                            std::to_string(kQueueMax));
  }
  SubscribeOptions checked = options;
  if (checked.queue_max == 0) checked.queue_max = kQueueDefault;
  auto subscriber = std::make_shared<Subscriber>(impl_->executor, impl_->registry,
                                                 std::string(pattern), checked, std::move(deliver));
  auto subscription = std::make_unique<SubscriptionOf<Impl>>(impl_, subscriber);
  impl_->attach(subscriber, options.retained);
  return std::unique_ptr<Subscription>(std::move(subscription));
}

std::vector<TopicView> Bus::topics() const {
  std::vector<TopicView> views;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [name, topic] : impl_->by_name) views.push_back(topic->view());
  return views;
}

std::vector<SubscriberView> Bus::subscribers() const {
  std::vector<SubscriberView> views;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& subscriber : impl_->subscribers) views.push_back(subscriber->view());
  return views;
}

}  // namespace narthex::bus
