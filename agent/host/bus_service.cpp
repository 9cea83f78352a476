// SPDX-License-Identifier: Apache-2.0
#include "host/bus_service.hpp"

#include "host/plugin_instance.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::size_t kTopicsMax = 1000;        // an instance may name
constexpr std::size_t kSubscriptionsMax = 100;  // an instance
constexpr std::uint64_t kPayloadBytesMax = 64 * 1024;
constexpr std::uint32_t kQueueMax = 65'536;
constexpr std::int64_t kCallbackDeadlineMs = 30'000;
constexpr int kDepthMax = 64;

// Bytes of a payload, and whether it is a tree that may be copied at all.
std::uint64_t payload_bytes(const nx_value& value, int depth = 0) {
  if (depth > kDepthMax) return kPayloadBytesMax + 1;
  std::uint64_t size = sizeof value;
  if (value.type == NX_STRING) return size + value.len;
  for (const nx_value& item : sdk::Value(&value).items()) size += payload_bytes(item, depth + 1);
  for (const nx_kv& entry : sdk::Value(&value).entries()) {
    size += sizeof entry.key + entry.key.len + payload_bytes(entry.value, depth + 1);
  }
  return size;
}

// Keeps the event for a plugin that retains its payload.
struct EventOwner : nx_buffer {
  std::atomic<std::uint32_t> references{1};
  std::shared_ptr<const bus::Event> event;
};

nx_buffer* make_owner(std::shared_ptr<const bus::Event> event) {
  auto* owner = new EventOwner;  // released by its last reference
  owner->event = std::move(event);
  owner->data = &owner->event->payload;
  owner->size = sizeof(nx_value);
  owner->priv = owner;
  owner->retain = [](nx_buffer* self) {
    static_cast<EventOwner*>(self->priv)->references.fetch_add(1, std::memory_order_relaxed);
  };
  owner->release = [](nx_buffer* self) {
    auto* own = static_cast<EventOwner*>(self->priv);
    if (own->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete own;
  };
  return owner;
}

nx_event make_event(const bus::Delivery& delivery) {
  const bus::Event& from = *delivery.event;
  nx_event event{};
  event.struct_size = sizeof event;
  event.topic = from.topic;
  event.topic_name = to_nx(from.topic_name);
  event.source = to_nx(from.source);
  event.sequence = from.sequence;
  event.dropped = delivery.dropped;
  event.t = from.t_ms;
  event.payload = &from.payload;
  event.owner = make_owner(delivery.event);
  return event;
}

void deliver(PluginInstance& owner, const CallSite& site, nx_event_fn fn, void* user,
             std::span<const bus::Delivery> deliveries) {
  std::vector<nx_event> events;
  events.reserve(deliveries.size());
  std::vector<const nx_event*> pointers;
  for (const bus::Delivery& delivery : deliveries) {
    events.push_back(make_event(delivery));
    pointers.push_back(&events.back());
  }
  (void)owner.call(site, [&](void*, nx_error*) {
    fn(user, pointers.data(), static_cast<std::uint32_t>(pointers.size()));
    return NX_OK;
  });
  for (const nx_event& event : events) event.owner->release(event.owner);
}

bus::SubscribeOptions subscribe_options(const std::string& instance, const nx_sub_opts* opts) {
  bus::SubscribeOptions made;
  made.subscriber = instance;
  if (NX_HAS(opts, nx_sub_opts, flags)) made.retained = (opts->flags & NX_SUB_RETAINED) != 0;
  if (NX_HAS(opts, nx_sub_opts, overflow)) made.overflow = opts->overflow;
  if (NX_HAS(opts, nx_sub_opts, queue) && opts->queue != 0) {
    made.queue_max = std::min(opts->queue, kQueueMax);
  }
  if (NX_HAS(opts, nx_sub_opts, io) && opts->io != 0) made.pool = runtime::Pool::kIo;
  if (NX_HAS(opts, nx_sub_opts, coalesce_key)) made.coalesce_key = view(opts->coalesce_key);
  return made;
}

}  // namespace

std::uint32_t InstanceBus::topic(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (seen_topics_.size() >= kTopicsMax) return 0;
  const std::uint32_t number = owner_.context().services.bus.topic(name);
  if (number == 0) return 0;
  seen_topics_.insert(number);
  const std::string& id = owner_.plugin_id();
  const bool own = name.size() > id.size() + 1 && name.starts_with(id) && name[id.size()] == '.';
  if (own) own_topics_.insert(number);
  return number;
}

Status InstanceBus::publish(std::uint32_t topic, const nx_value& payload, std::uint32_t flags) {
  if (payload.type != NX_TABLE) return invalid_argument("an event's payload must be a table");
  {
    const std::lock_guard lock(mutex_);
    if (!own_topics_.contains(topic)) {
      return {NX_ERR_PERMISSION, "a plugin publishes below its own id only"};
    }
  }
  if (payload_bytes(payload) > kPayloadBytesMax) {
    return {NX_ERR_EXHAUSTED, "the payload is larger than 64 KiB"};
  }
  if (!rate_.take(owner_.context().clock.mono_ns())) {
    return {NX_ERR_EXHAUSTED, "more than 1000 events a second"};
  }
  owner_.context().services.bus.publish(topic, owner_.name(), payload,
                                        (flags & NX_PUB_RETAIN) != 0);
  return Status();
}

Status InstanceBus::subscribe(std::string_view pattern, const nx_sub_opts* opts, nx_event_fn fn,
                              void* user, nx_subscription** out) {
  if (fn == nullptr || out == nullptr) return invalid_argument("subscribe needs fn and out");
  const bus::SubscribeOptions options = subscribe_options(owner_.name(), opts);
  if (options.overflow > NX_OVERFLOW_COALESCE) return invalid_argument("unknown overflow policy");
  const CallSite site = options.pool == runtime::Pool::kIo
                            ? owner_.site("bus.io_events", 1000)
                            : owner_.site("bus.events", kCallbackDeadlineMs);
  const std::lock_guard lock(mutex_);
  if (subscriptions_.size() >= kSubscriptionsMax) {
    return {NX_ERR_EXHAUSTED, "too many subscriptions"};
  }
  auto made = owner_.context().services.bus.subscribe(
      pattern, options, [this, site, fn, user](std::span<const bus::Delivery> deliveries) {
        deliver(owner_, site, fn, user, deliveries);
      });
  if (!made.ok()) return made.status();
  auto subscription = std::make_unique<nx_subscription>();
  subscription->ends = *std::move(made);
  *out = subscription.get();
  subscriptions_.push_back(std::move(subscription));
  return Status();
}

void InstanceBus::unsubscribe(nx_subscription* subscription) {
  std::unique_ptr<nx_subscription> ending;  // dies, and waits, without the lock
  const std::lock_guard lock(mutex_);
  const auto at =
      std::ranges::find(subscriptions_, subscription, [](const auto& s) { return s.get(); });
  if (at == subscriptions_.end()) return;
  ending = std::move(*at);
  subscriptions_.erase(at);
}

void InstanceBus::close() {
  std::vector<std::unique_ptr<nx_subscription>> ending;
  {
    const std::lock_guard lock(mutex_);
    ending.swap(subscriptions_);
  }
  // Ending waits for a callback that runs; one that hangs is not waited for.
  if (!owner_.hangs()) return;
  for (auto& subscription : ending) (void)subscription->ends.release();
}

namespace {

InstanceBus& of(const nx_host* host) {
  return static_cast<PluginInstance&>(Instance::of(host)).events();
}

std::uint32_t topic(const nx_host* host, nx_str name) {
  std::uint32_t number = 0;
  (void)sdk::guard(nullptr, [&] { number = of(host).topic(view(name)); });
  return number;
}

nx_status publish(const nx_host* host, std::uint32_t topic_number, const nx_value* payload,
                  std::uint32_t flags) {
  if (payload == nullptr) return NX_ERR_INVALID_ARGUMENT;
  return sdk::guard(nullptr, [&] { return of(host).publish(topic_number, *payload, flags); });
}

nx_status subscribe(const nx_host* host, nx_str pattern, const nx_sub_opts* opts, nx_event_fn fn,
                    void* user, nx_subscription** out, nx_error* err) {
  return sdk::guard(err, [&] { return of(host).subscribe(view(pattern), opts, fn, user, out); });
}

void unsubscribe(const nx_host* host, nx_subscription* subscription) {
  (void)sdk::guard(nullptr, [&] { of(host).unsubscribe(subscription); });
}

}  // namespace

const nx_ext_bus kBusService = {sizeof(nx_ext_bus), 0, &topic, &publish, &subscribe, &unsubscribe};

}  // namespace narthex::host
